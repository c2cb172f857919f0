#include "cpu/packed_product.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <type_traits>

#include "lanes/activation_lanes.h"
#include "lanes/lanes.h"

namespace clipa {

namespace {

using L = CpuLanes;
constexpr int kW = L::kWidth;
// Rows and vectors of a block: as many sums as registers allow, enough to hide the latency of an
// FMA.
constexpr int kRows = 6;
constexpr int kVectors = kW == 16 ? 4 : 2;
constexpr int64_t kPanel = kVectors * kW;

int64_t padded(int64_t out) { return (out + kPanel - 1) / kPanel * kPanel; }

float at(const float* weight, int64_t out, int64_t in, PackedWeight::Layout layout, int64_t column,
         int64_t row) {
  return layout == PackedWeight::Layout::kOutIn ? weight[column * in + row]
                                                : weight[row * out + column];
}

struct Product {
  int64_t in, out;
  const float* x;
  const float* bias;
  const float* residual;
  float* y;
};

// kBlock rows from `row` times one panel from `column`, and what follows the product. kWhole: all
// columns of the panel exist.
template <class Activation, int kBlock, bool kWhole>
inline void block(const Product& p, const float* panel, int64_t row, int64_t column) {
  L::V sum[kBlock][kVectors];
  for (int r = 0; r < kBlock; ++r) {
    for (int v = 0; v < kVectors; ++v) sum[r][v] = L::splat(0);
  }
  const float* x = p.x + row * p.in;
  for (int64_t k = 0; k < p.in; ++k, panel += kPanel) {
    L::V columns[kVectors];
    for (int v = 0; v < kVectors; ++v) columns[v] = L::load(panel + v * kW);
    for (int r = 0; r < kBlock; ++r) {
      const float value = x[r * p.in + k];
      for (int v = 0; v < kVectors; ++v) sum[r][v] += value * columns[v];
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    const int64_t first = column + v * kW;
    const int64_t count = kWhole ? kW : std::min<int64_t>(kW, p.out - first);
    if (!kWhole && count <= 0) return;
    const bool whole = kWhole || count == kW;
    const auto load = [&](const float* from) {
      return whole ? L::load(from) : L::load_part(from, count);
    };
    const L::V bias = p.bias != nullptr ? load(p.bias + first) : L::splat(0);
    for (int r = 0; r < kBlock; ++r) {
      L::V value = sum[r][v] + bias;
      if constexpr (!std::is_void_v<Activation>) {
        value = Activation::template value<L>(value);
      }
      const int64_t place = (row + r) * p.out + first;
      if (p.residual != nullptr) value += load(p.residual + place);
      if (whole) {
        L::store(p.y + place, value);
      } else {
        L::store_part(p.y + place, value, count);
      }
    }
  }
}

// The last rows, fewer than kBlock.
template <class Activation, int kBlock, bool kWhole>
inline void rest(const Product& p, const float* panel, int64_t row, int64_t rows, int64_t column) {
  if constexpr (kBlock > 1) {
    if (rows - row == kBlock - 1) {
      block<Activation, kBlock - 1, kWhole>(p, panel, row, column);
    } else {
      rest<Activation, kBlock - 1, kWhole>(p, panel, row, rows, column);
    }
  }
}

template <class Activation, bool kWhole>
void rows_of_panel(const Product& p, const float* panel, int64_t rows, int64_t column) {
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows) block<Activation, kRows, kWhole>(p, panel, row, column);
  rest<Activation, kRows, kWhole>(p, panel, row, rows, column);
}

template <class Activation>
void all_panels(const PackedWeight& weight, const Product& p, int64_t rows) {
  for (int64_t column = 0; column < p.out; column += kPanel) {
    const float* panel = weight.panel(column);
    if (column + kPanel <= p.out) {
      rows_of_panel<Activation, true>(p, panel, rows, column);
    } else {
      rows_of_panel<Activation, false>(p, panel, rows, column);
    }
  }
}

// FNV-1a over words; equals() decides, the hash only finds.
uint64_t hash_of(const float* weight, int64_t count) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t word;
    std::memcpy(&word, weight + i, sizeof word);
    hash = (hash ^ word) * 0x100000001b3u;
  }
  return hash;
}

}  // namespace

PackedWeight::PackedWeight(const float* weight, int64_t out, int64_t in, Layout layout)
    : out_(out), in_(in), memory_(sizeof(float) * padded(out) * in) {
  float* data = reinterpret_cast<float*>(memory_.data());
  for (int64_t first = 0; first < out; first += kPanel, data += kPanel * in) {
    const int64_t count = std::min(kPanel, out - first);
    for (int64_t c = 0; c < count; ++c) {
      for (int64_t k = 0; k < in; ++k) {
        data[k * kPanel + c] = at(weight, out, in, layout, first + c, k);
      }
    }
  }
}

const float* PackedWeight::panel(int64_t column) const {
  return reinterpret_cast<const float*>(memory_.data()) + column * in_;
}

bool PackedWeight::equals(const float* weight, int64_t out, int64_t in, Layout layout) const {
  if (out != out_ || in != in_) return false;
  for (int64_t column = 0; column < out; ++column) {
    const float* values = panel(column / kPanel * kPanel) + column % kPanel;
    for (int64_t k = 0; k < in; ++k) {
      const float value = at(weight, out, in, layout, column, k);
      // By bits: not-a-number equals itself.
      if (std::memcmp(values + k * kPanel, &value, sizeof value) != 0) return false;
    }
  }
  return true;
}

std::shared_ptr<const PackedWeight> shared_packed(const float* weight, int64_t out, int64_t in,
                                                  PackedWeight::Layout layout) {
  static std::mutex mutex;
  static auto* known = new std::multimap<uint64_t, std::weak_ptr<const PackedWeight>>();
  const uint64_t hash = hash_of(weight, out * in);
  const std::lock_guard<std::mutex> lock(mutex);
  const auto range = known->equal_range(hash);
  for (auto entry = range.first; entry != range.second;) {
    const std::shared_ptr<const PackedWeight> held = entry->second.lock();
    if (held && held->equals(weight, out, in, layout)) return held;
    entry = held ? std::next(entry) : known->erase(entry);
  }
  auto made = std::make_shared<const PackedWeight>(weight, out, in, layout);
  known->emplace(hash, made);
  return made;
}

void packed_linear(const PackedWeight& weight, int64_t rows, const float* x, uint32_t activation,
                   const float* bias, const float* residual, float* y) {
  const Product product{weight.in(), weight.out(), x, bias, residual, y};
  switch (activation) {
    case CLIPA_FLAG_GELU_ERF:
      return all_panels<GeluErf>(weight, product, rows);
    case CLIPA_FLAG_GELU_TANH:
      return all_panels<GeluTanh>(weight, product, rows);
    case CLIPA_FLAG_GELU_QUICK:
      return all_panels<GeluQuick>(weight, product, rows);
    default:
      return all_panels<void>(weight, product, rows);
  }
}

}  // namespace clipa
