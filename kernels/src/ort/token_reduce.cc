// TokenReduce: which patches of a picture are kept, bit for bit as src/tokens/image/ draws them.
#include <cmath>

#include "ort/call.h"
#include "ort/op_schemas.h"
#include "ort/philox.h"

namespace clipa {
namespace ort {

namespace {

enum Input { kSamples, kSeed, kEpoch };

constexpr uint32_t kRandomPurpose = 0x72616e64;  // "rand"
constexpr uint32_t kGridPurpose = 0x67726964;    // "grid"
constexpr uint32_t kBlockPurpose = 0x626c6f63;   // "bloc"
constexpr int64_t kLargestGrid = 1024;

struct Mask {
  int64_t grid, keep;
  uint32_t seed, epoch;
  const char* option;  // jitter or placement
  Words draw(uint32_t purpose, uint32_t sample, int64_t block) const {
    return philox(seed, purpose, epoch, sample, static_cast<uint32_t>(block), 0);
  }
};

bool is(const char* text, const char* other) { return std::string(text) == other; }

// Selection sampling: a patch stays when its draw is below the number still wanted.
void random_mask(const Mask& mask, uint32_t sample, int32_t* out) {
  const int64_t patches = mask.grid * mask.grid;
  int64_t kept = 0;
  for (int64_t block = 0; kept < mask.keep; ++block) {
    const Words words = mask.draw(kRandomPurpose, sample, block);
    for (int64_t k = 0; k < 4 && kept < mask.keep; ++k) {
      const int64_t patch = 4 * block + k;
      if (draw_below(words[k], patches - patch) < mask.keep - kept) {
        out[kept++] = static_cast<int32_t>(patch);
      }
    }
  }
}

// One or two patches of every window of 2 x 2, as bits from top left to bottom right.
void grid_mask(const Mask& mask, uint32_t sample, int32_t* out) {
  static const int kOne[] = {1, 2, 4, 8};
  static const int kTwo[] = {3, 5, 9, 6, 10, 12};
  const bool one = 4 * mask.keep == mask.grid * mask.grid;
  const int* patterns = one ? kOne : kTwo;
  const int count = one ? 4 : 6;
  const int64_t windows = mask.grid / 2;
  std::vector<int> chosen(windows * windows, one ? 1 : 9);
  if (is(mask.option, "sample")) {
    const Words words = mask.draw(kGridPurpose, sample, 0);
    std::fill(chosen.begin(), chosen.end(), patterns[draw_below(words[0], count)]);
  } else if (is(mask.option, "window")) {
    for (int64_t w = 0; w < windows * windows; ++w) {
      const Words words = mask.draw(kGridPurpose, sample, w / 4);
      chosen[w] = patterns[draw_below(words[w % 4], count)];
    }
  }
  for (int64_t y = 0; y < mask.grid; ++y) {
    for (int64_t x = 0; x < mask.grid; ++x) {
      const int bit = 1 << (2 * (y % 2) + x % 2);
      if ((chosen[y / 2 * windows + x / 2] & bit) != 0) {
        *out++ = static_cast<int32_t>(y * mask.grid + x);
      }
    }
  }
}

int64_t block_width(int64_t keep) {
  return static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(keep))));
}

// Whole rows of patches that touch, and what is left over below them.
void block_mask(const Mask& mask, uint32_t sample, int32_t* out) {
  const int64_t width = block_width(mask.keep), rows = mask.keep / width;
  const int64_t rest = mask.keep - rows * width, height = rows + (rest > 0 ? 1 : 0);
  const Words words = mask.draw(kBlockPurpose, sample, 0);
  const bool centre = is(mask.option, "centre");
  const auto draw = [&](int word, int64_t count) {
    return centre ? (count - 1) / 2 : draw_below(words[word], count);
  };
  const int64_t top = draw(0, mask.grid - height + 1);
  const int64_t left = draw(1, mask.grid - width + 1);
  const int64_t start = left + draw(2, width - rest + 1);
  const auto row = [&](int64_t y, int64_t first, int64_t count) {
    for (int64_t x = 0; x < count; ++x) {
      *out++ = static_cast<int32_t>((top + y) * mask.grid + first + x);
    }
  };
  for (int64_t y = 0; y < rows; ++y) row(y, left, width);
  row(rows, start, rest);
}

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

void token_reduce(const Attributes& attributes, Call& call) {
  const std::string& strategy = attributes.string("strategy");
  const bool grid = strategy == "grid";
  const auto draw = grid ? grid_mask : strategy == "block" ? block_mask : random_mask;
  // Keys are taken modulo 2^32, as in TypeScript.
  const Mask mask{attributes.integer("grid"), attributes.integer("keep"),
                  static_cast<uint32_t>(call.in<int64_t>(kSeed)[0]),
                  static_cast<uint32_t>(call.in<int64_t>(kEpoch)[0]),
                  attributes.string(grid ? "jitter" : "placement").c_str()};
  call.for_samples(64, [&](int64_t first, int64_t count, Scratch&) -> const char* {
    for (int64_t i = first; i < first + count; ++i) {
      draw(mask, static_cast<uint32_t>(call.in<int64_t>(kSamples)[i]),
           call.out<int32_t>() + i * mask.keep);
    }
    return nullptr;
  });
}

}  // namespace ort
}  // namespace clipa
