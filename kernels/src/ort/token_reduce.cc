// TokenReduce: which patches of a picture are kept, bit for bit as src/tokens/image/ draws them.
#include <cmath>

#include "ort/call.h"
#include "ort/op_schemas.h"
#include "ort/patch_masks.h"

namespace clipa {
namespace ort {

namespace {

using namespace reduce_input;  // NOLINT

constexpr int64_t kLargestGrid = 1024;

void prepare(const Attributes& attributes, Letters& letters) {
  const int64_t grid = attributes.integer("grid"), keep = attributes.integer("keep");
  const auto refuse = [](const std::string& text) { throw OpError("TokenReduce: " + text); };
  if (grid < 1 || grid > kLargestGrid) {
    refuse("attribute grid is " + std::to_string(grid) + "; allowed are 1 to " +
           std::to_string(kLargestGrid));
  }
  if (keep < 1 || keep > grid * grid) {
    refuse("attribute keep is " + std::to_string(keep) + "; allowed are 1 to " +
           std::to_string(grid * grid));
  }
  const bool quarter = 4 * keep == grid * grid, half = 2 * keep == grid * grid;
  if (attributes.string("strategy") == "grid" && (grid % 2 != 0 || !(quarter || half))) {
    refuse("strategy grid keeps a quarter or a half of an even grid, not " + std::to_string(keep) +
           " of " + std::to_string(grid) + " x " + std::to_string(grid));
  }
  letters.set('K', keep);
}

}  // namespace

const OpSchema kTokenReduce = {
    "TokenReduce",
    {{"samples", CLIPA_ORT_I64, "B"}, {"seed", CLIPA_ORT_I64, "1"}, {"epoch", CLIPA_ORT_I64, "1"}},
    {"kept", CLIPA_ORT_I32, "B,K"},
    {{"strategy", AttributeKind::kString, true, 0, {"random", "grid", "block"}},
     {"grid", AttributeKind::kInt, true, 0, {}},
     {"keep", AttributeKind::kInt, true, 0, {}},
     {"jitter", AttributeKind::kString, false, 0, {"none", "sample", "window"}},
     {"placement", AttributeKind::kString, false, 0, {"random", "centre"}}},
    prepare,
    nullptr};

Mask mask_of(const Attributes& attributes) {
  const auto is = [&](const char* name, const char* value) {
    return attributes.string(name) == value;
  };
  Mask mask = {};
  mask.grid = attributes.integer("grid");
  mask.keep = attributes.integer("keep");
  mask.block_width = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(mask.keep))));
  if (is("strategy", "grid")) {
    mask.strategy = Strategy::kGrid;
    mask.option = is("jitter", "sample") ? 1 : is("jitter", "window") ? 2 : 0;
  } else if (is("strategy", "block")) {
    mask.strategy = Strategy::kBlock;
    mask.option = is("placement", "centre") ? 1 : 0;
  }
  return mask;
}

void token_reduce(const Attributes& attributes, Call& call) {
  const Mask mask = mask_of(attributes);
  const int64_t* samples = call.in<int64_t>(kSamples);
  const uint32_t seed = static_cast<uint32_t>(call.in<int64_t>(kSeed)[0]);
  const uint32_t epoch = static_cast<uint32_t>(call.in<int64_t>(kEpoch)[0]);
  call.for_samples(64, [&](int64_t first, int64_t count, Scratch&) -> const char* {
    for (int64_t i = first; i < first + count; ++i) {
      draw_mask(mask, {seed, epoch, static_cast<uint32_t>(samples[i])},
                call.out<int32_t>() + i * mask.keep);
    }
    return nullptr;
  });
}

}  // namespace ort
}  // namespace clipa
