// PatchEmbed: uint8 pictures -> tokens.
#include "ort/call.h"
#include "ort/op_schemas.h"

namespace clipa {
namespace ort {

namespace {

using namespace patch_input;  // NOLINT

void prepare(const Attributes& attributes, Letters& letters) {
  const int64_t patch = attributes.integer("patch");
  if (patch < 1) {
    throw OpError("PatchEmbed: attribute patch is " + std::to_string(patch) +
                  "; allowed are whole numbers from 1");
  }
  letters.set('P', patch);
}

void derive(const Attributes&, const Present& present, Letters& letters) {
  letters.set('c', present[kClassToken] ? 1 : 0);
  if (letters['D'] == 0) throw OpError("PatchEmbed: weight has no rows");
  if (!letters.known('H') || !letters.known('W')) return;
  const int64_t height = letters['H'], width = letters['W'], patch = letters['P'];
  if (height < 1 || width < 1 || height % patch != 0 || width % patch != 0) {
    throw OpError("PatchEmbed: pixels are " + std::to_string(height) + " x " +
                  std::to_string(width) + "; allowed are multiples of the patch, " +
                  std::to_string(patch));
  }
  const int64_t patches = height / patch * (width / patch);
  if (!present[kKept]) letters.set('K', patches);
  if (letters.known('N') && letters['N'] != patches + letters['c']) {
    throw OpError("PatchEmbed: position has " + std::to_string(letters['N']) +
                  " rows; allowed is one for each of " + std::to_string(patches) + " patches" +
                  (letters['c'] == 1 ? " and the class token" : ""));
  }
}

}  // namespace

const OpSchema kPatchEmbed = {"PatchEmbed",
                              {{"pixels", CLIPA_ORT_U8, "B,H,W,3"},
                               {"weight", CLIPA_ORT_F32, "D,3PP", false, Packing::kOutIn},
                               {"bias", CLIPA_ORT_F32, "D"},
                               {"class_token", CLIPA_ORT_F32, "D", true},
                               {"position", CLIPA_ORT_F32, "N,D"},
                               {"kept", CLIPA_ORT_I32, "B,K", true}},
                              {"tokens", CLIPA_ORT_F32, "B,K+c,D"},
                              {{"patch", AttributeKind::kInt, true, 0, {}}},
                              prepare,
                              derive};

void patch_embed(const Attributes&, Call& call) {
  constexpr int64_t kRows = 256;
  // Pixels as they are: mean and standard deviation are in the weight.
  static const float kPlain[6] = {0, 0, 0, 1 / 255.0f, 1 / 255.0f, 1 / 255.0f};
  const int64_t height = call['H'], width = call['W'], patch = call['P'], kept = call['K'];
  const int64_t model = call['D'], positions = call['N'], tokens = kept + call['c'];
  const int64_t columns = 3 * patch * patch;
  if (kept == 0 && !call.has(kClassToken)) return;
  call.for_samples(
      std::max<int64_t>(1, kRows / std::max<int64_t>(1, kept)),
      [&](int64_t first, int64_t count, Scratch& scratch) -> const char* {
        const int64_t rows = count * kept;
        const int32_t* index = call.has(kKept) ? call.in<int32_t>(kKept) + first * kept : nullptr;
        float* patches = scratch.floats(rows * columns);
        float* embedded = scratch.floats(rows * model);
        const uint8_t* pixels = call.in<uint8_t>(kPixels) + first * height * width * 3;
        if (const char* problem = run_op(CLIPA_OP_PATCHIFY, 0, {count, height, width, patch, kept},
                                         0, {pixels, kPlain, index, patches}, scratch)) {
          return problem;
        }
        packed_linear(call.weight(kWeight), rows, patches, 0, call.in(kBias), nullptr, embedded);
        const float* token = call.has(kClassToken) ? call.in(kClassToken) : nullptr;
        return run_op(
            CLIPA_OP_ASSEMBLE_TOKENS, 0, {count, kept, model, positions}, 0,
            {embedded, token, call.in(kPosition), index, call.out() + first * tokens * model},
            scratch);
      });
}

}  // namespace ort
}  // namespace clipa
