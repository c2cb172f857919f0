// Matrix products by cuBLASLt.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <map>
#include <memory>
#include <tuple>

#include "cuda/queue.h"

namespace clipa {

// d[m,n] = op(a) op(b) + beta c, then what the epilogue does; everything row-major, without gaps.
struct Product {
  enum class After {
    kNothing,
    kBias,         // + bias[n]
    kBiasGelu,     // aux = d + bias[n]; d = gelu_tanh(aux)
    kGeluGradient  // d * gelu_tanh'(aux)
  };
  bool trans_a, trans_b;  // a is [k,m], b is [n,k]
  int64_t m, n, k;
  const float *a, *b, *c;
  float* d;
  float beta = 0;
  After after = After::kNothing;
  const float* bias = nullptr;
  float* aux = nullptr;  // [m, n]
};

// A plan is chosen once for every shape and kept, so a product has the same bits every time: no
// split over k that is added up in any order.
class Products {
 public:
  Products();
  ~Products();
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  // Queues the product, or plans it. False when cuBLASLt offers nothing for this epilogue; without
  // an epilogue that throws.
  bool multiply(Queue& queue, const Product& product);

  // Bytes of the workspace that each queue brings along.
  static constexpr uint64_t kWorkspace = 32 << 20;
  size_t plans() const { return plans_.size(); }

 private:
  struct Plan;
  // Shape, transpositions, beta != 0, epilogue, element type, alignment of a, b, c, d.
  using Key = std::tuple<int64_t, int64_t, int64_t, bool, bool, bool, int, bool, uint32_t, uint32_t,
                         uint32_t, uint32_t>;
  const Plan& plan(const Product& product, const void* a, const void* b, bool bf16);

  cublasLtHandle_t handle_ = nullptr;
  std::map<Key, std::unique_ptr<Plan>> plans_;
};

// to[i] = bfloat16 of from[i], to the nearest even. `to` has room for two bytes a value.
void round_to_bf16(Queue& queue, int64_t count, const float* from, void* to);

}  // namespace clipa
