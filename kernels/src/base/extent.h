// Products of dimensions that cannot overflow.
#pragma once

#include <cstdint>

namespace clipa {

// A number of elements. Products of dimensions that a stranger chose are worked out in this type:
// what exceeds the limit stays "too large" whatever it is multiplied with.
class Extent {
 public:
  // 2^48 elements: more than any memory, and eight bytes of each still fit 64 bits.
  static constexpr int64_t kMost = int64_t{1} << 48;

  Extent(int64_t value)  // NOLINT: a plain number is an extent
      : value_(value >= 0 && value <= kMost ? value : kTooLarge) {}

  bool fits() const { return value_ != kTooLarge; }
  int64_t value() const { return value_; }

  friend Extent operator*(Extent a, Extent b) {
    int64_t product = 0;
    if (!a.fits() || !b.fits()) return Extent(kTooLarge);
    return __builtin_mul_overflow(a.value_, b.value_, &product) ? Extent(kTooLarge)
                                                                : Extent(product);
  }
  friend Extent operator+(Extent a, Extent b) {
    return a.fits() && b.fits() ? Extent(a.value_ + b.value_) : Extent(kTooLarge);
  }

 private:
  static constexpr int64_t kTooLarge = -1;
  int64_t value_;
};

}  // namespace clipa
