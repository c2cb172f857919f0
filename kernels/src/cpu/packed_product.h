// Linear layers with a weight that stays: packed once, multiplied many times.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory.h"

namespace clipa {

// A weight as the kernel reads it: panels of columns of the product, each [in, panel width] in one
// piece, so that a product of a few rows walks memory from end to end. A plain [in, out] or [out,
// in] costs twice as much at 17 rows, because the BLAS packs it in every call.
class PackedWeight {
 public:
  enum class Layout { kOutIn, kInOut };
  PackedWeight(const float* weight, int64_t out, int64_t in, Layout layout);

  int64_t out() const { return out_; }
  int64_t in() const { return in_; }
  uint64_t bytes() const { return memory_.bytes(); }
  const float* panel(int64_t column) const;

  // Whether it holds exactly these values.
  bool equals(const float* weight, int64_t out, int64_t in, Layout layout) const;

 private:
  const int64_t out_, in_;
  Memory memory_;
};

// The packed weight of these values, shared with everybody who holds one of the same values.
std::shared_ptr<const PackedWeight> shared_packed(const float* weight, int64_t out, int64_t in,
                                                  PackedWeight::Layout layout);

// y[rows, out] = act(x w + bias) + residual, on the calling thread. bias and residual may be null,
// activation is a GELU flag or 0; y may be the residual.
void packed_linear(const PackedWeight& weight, int64_t rows, const float* x, uint32_t activation,
                   const float* bias, const float* residual, float* y);

}  // namespace clipa
