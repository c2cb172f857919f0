// What follows a matrix product, applied to a panel that is still in cache.
#pragma once

#include <cstdint>
#include <type_traits>

#include "lanes/activation_lanes.h"
#include "lanes/lanes.h"

namespace clipa {

// y = act(product + bias) + residual, and with an activation pre = product + bias. pre, or y where
// there is no activation, may be the product itself.
inline void linear_epilogue(uint32_t activation, int64_t rows, int64_t n, const float* product,
                            const float* bias, const float* residual, float* pre, float* y) {
  using L = CpuLanes;
  if (activation == 0 && bias == nullptr && residual == nullptr && y == product) return;
  const auto run = [&](auto act, auto has_activation) {
    for (int64_t row = 0; row < rows; ++row) {
      const float* from = product + row * n;
      float* z = pre + row * n;
      float* out = y + row * n;
      const float* add = residual != nullptr ? residual + row * n : nullptr;
      for_lanes<L>(n, [&](auto read, auto write) {
        L::V v = read(from);
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

// dx = dy * act'(pre); dx may be dy.
inline void activation_gradient(uint32_t activation, int64_t n, const float* dy, const float* pre,
                                float* dx) {
  using L = CpuLanes;
  with_activation(activation, [&](auto act) {
    for_lanes<L>(n, [&](auto read, auto write) {
      write(dx, read(dy) * decltype(act)::template derivative<L>(read(pre)));
    });
  });
}

}  // namespace clipa
