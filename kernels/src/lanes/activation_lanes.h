// Activations and their derivatives over lanes.
#pragma once

#include "clipa.h"
#include "lanes/lane_math.h"

namespace clipa {

constexpr float kGeluScale = 0.7978845608028654f;  // sqrt(2 / pi)
constexpr float kGeluCubic = 0.044715f;

// GELU, tanh approximation: x (1 + tanh(u)) / 2 = x / (1 + e^(-2u)), u = sqrt(2/pi) (x + 0.044715
// x^3) (Hendrycks & Gimpel 2016).
struct GeluTanh {
  template <class L>
  static CLIPA_ROW typename L::V value(typename L::V x) {
    const typename L::V u = x * (kGeluScale + kGeluScale * kGeluCubic * (x * x));
    return x / (1.0f + lane_exp<L>(u * -2.0f));
  }
  template <class L>
  static CLIPA_ROW typename L::V derivative(typename L::V x) {
    using V = typename L::V;
    const V square = x * x;
    const V u = x * (kGeluScale + kGeluScale * kGeluCubic * square);
    const V e = lane_exp<L>(u * -2.0f);
    const V share = 1.0f / (1.0f + e);  // (1 + tanh u) / 2; e * share is its complement
    const V du = kGeluScale + 3 * kGeluScale * kGeluCubic * square;
    return share + 2.0f * x * share * (e * share) * du;
  }
};

// GELU, exact: x (1 + erf(x / sqrt 2)) / 2.
struct GeluErf {
  template <class L>
  static CLIPA_ROW typename L::V value(typename L::V x) {
    return 0.5f * x * (1.0f + lane_erf<L>(x * 0.70710678118654752f));
  }
  template <class L>
  static CLIPA_ROW typename L::V derivative(typename L::V x) {
    const typename L::V density = 0.3989422804014327f * lane_exp<L>(x * x * -0.5f);
    return 0.5f + 0.5f * lane_erf<L>(x * 0.70710678118654752f) + x * density;
  }
};

// "Quick GELU" of OpenAI's weights: x sigmoid(1.702 x) (Hendrycks & Gimpel 2016).
struct GeluQuick {
  template <class L>
  static CLIPA_ROW typename L::V value(typename L::V x) {
    return x / (1.0f + lane_exp<L>(x * -1.702f));
  }
  template <class L>
  static CLIPA_ROW typename L::V derivative(typename L::V x) {
    using V = typename L::V;
    const V u = x * 1.702f;
    const V e = lane_exp<L>(-u);
    const V share = 1.0f / (1.0f + e);  // e * share is its complement
    return share + u * share * (e * share);
  }
};

struct Relu {
  template <class L>
  static CLIPA_ROW typename L::V value(typename L::V x) {
    return L::max(L::splat(0), x);
  }
  template <class L>
  static CLIPA_ROW typename L::V derivative(typename L::V x) {
    return x > 0.0f ? L::splat(1) : L::splat(0);
  }
};

struct Sigmoid {
  template <class L>
  static CLIPA_ROW typename L::V value(typename L::V x) {
    return 1.0f / (1.0f + lane_exp<L>(-x));
  }
  template <class L>
  static CLIPA_ROW typename L::V derivative(typename L::V x) {
    const typename L::V e = lane_exp<L>(-L::abs(x));
    return e / ((1.0f + e) * (1.0f + e));
  }
};

struct Tanh {
  template <class L>
  static CLIPA_ROW typename L::V value(typename L::V x) {
    return lane_tanh<L>(x);
  }
  template <class L>
  static CLIPA_ROW typename L::V derivative(typename L::V x) {
    // 1 - tanh^2 without the cancellation where tanh is near 1.
    const typename L::V e = lane_exp<L>(L::abs(x) * -2.0f);
    return 4.0f * e / ((1.0f + e) * (1.0f + e));
  }
};

// Calls body(activation) for the activation that a flag names; false for an unknown flag.
template <class Body>
inline bool with_activation(uint32_t flag, Body body) {
  switch (flag) {
    case CLIPA_FLAG_GELU_ERF:
      body(GeluErf());
      return true;
    case CLIPA_FLAG_GELU_TANH:
      body(GeluTanh());
      return true;
    case CLIPA_FLAG_GELU_QUICK:
      body(GeluQuick());
      return true;
    case CLIPA_FLAG_RELU:
      body(Relu());
      return true;
    case CLIPA_FLAG_SIGMOID:
      body(Sigmoid());
      return true;
    case CLIPA_FLAG_TANH:
      body(Tanh());
      return true;
    default:
      return false;
  }
}

}  // namespace clipa
