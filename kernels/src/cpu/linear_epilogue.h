// What follows a matrix product, applied to a panel that is still in cache.
#pragma once

#include <cstdint>
#include <type_traits>

#include "lanes/activation_lanes.h"
#include "lanes/lanes.h"

namespace clipa {

// product += bias; then y = product + residual, or with an activation: y = act(product), and the
// product stays as the pre-activation. y may be the product itself when there is no activation.
inline void linear_epilogue(uint32_t activation, int64_t rows, int64_t n, float* product,
                            const float* bias, const float* residual, float* y) {
  using L = CpuLanes;
  if (activation == 0 && bias == nullptr && residual == nullptr) return;
  const auto run = [&](auto act, auto has_activation) {
    for (int64_t row = 0; row < rows; ++row) {
      float* z = product + row * n;
      float* out = y + row * n;
      const float* add = residual != nullptr ? residual + row * n : nullptr;
      for_lanes<L>(n, [&](auto read, auto write) {
        L::V v = read(z);
        if (bias != nullptr) v += read(bias);
        if constexpr (has_activation) {
          write(z, v);
          v = decltype(act)::template value<L>(v);
        }
        if (add != nullptr) v += read(add);
        write(out, v);
      });
    }
  };
  const bool activated = with_activation(
      activation, [&](auto act) { run(act, std::integral_constant<bool, true>()); });
  if (!activated) run(Relu(), std::integral_constant<bool, false>());
}

// dx *= act'(pre)
inline void activation_gradient(uint32_t activation, int64_t n, const float* pre, float* dx) {
  using L = CpuLanes;
  with_activation(activation, [&](auto act) {
    for_lanes<L>(n, [&](auto read, auto write) {
      write(dx, read(dx) * decltype(act)::template derivative<L>(read(pre)));
    });
  });
}

}  // namespace clipa
