// Linear layers: row panels of SGEMM with the epilogue applied while the panel is in cache.
#include <algorithm>
#include <cstring>

#include "base/op.h"
#include "cpu/gemm.h"
#include "cpu/linear_epilogue.h"
#include "cpu/partial_sums.h"

namespace clipa {

namespace {

constexpr int64_t kPanelRows = 256;   // activations of a panel stay in the second-level cache
constexpr int64_t kChunkRows = 1024;  // rows summed by one task of a weight gradient
constexpr int64_t kMaxChunks = 16;
constexpr int64_t kTransposeRows = 64;

// Panels of equal height, their number a multiple of four so that two or four threads end together.
int64_t panel_rows(int64_t rows) {
  int64_t panels = (rows + kPanelRows - 1) / kPanelRows;
  if (panels > 2) panels = (panels + 3) / 4 * 4;
  return std::max<int64_t>(8, (rows + panels * 8 - 1) / (panels * 8) * 8);
}

bool is_gelu(uint32_t activation) {
  return activation == CLIPA_FLAG_GELU_ERF || activation == CLIPA_FLAG_GELU_TANH;
}

const char* check_linear(const Op& op, int pre_operand, bool has_activation_operand) {
  if (op.dims[0] < 1 || op.dims[1] < 1 || op.dims[2] < 1) return "m, n and k must be positive";
  const uint32_t activation = op.activation();
  if (activation != 0 && !is_gelu(activation)) return "the activation must be a GELU";
  if (activation != 0 && has_activation_operand && !op.has(pre_operand)) {
    return "an activation needs the pre-activation operand";
  }
  return nullptr;
}

int64_t rows_of(const Op& op, int) { return op.dims[0]; }
int64_t panel_of(const Op& op, int) { return panel_rows(op.dims[0]); }

// --- forward: x, w, b?, residual? -> y, pre?

void linear_needs(const Op& op, Needs& needs) {
  const Extent m = op.dims[0], n = op.dims[1], k = op.dims[2];
  needs.add(m * k);
  needs.add(n * k);
  needs.optional(n);
  needs.optional(m * n);
  needs.add(m * n);
  needs.optional(m * n);
  needs.refuse(check_linear(op, 5, true));
}

// Phase 0 turns an [n,k] weight into [k,n] once; otherwise every panel would do it while packing.
int64_t linear_items(const Op& op, int phase) { return phase == 0 ? op.dims[2] : op.dims[0]; }
int64_t linear_grain(const Op& op, int phase) {
  return phase == 0 ? kTransposeRows : panel_rows(op.dims[0]);
}
uint64_t linear_workspace(const Op& op) {
  return op.flag(CLIPA_FLAG_IN_OUT) ? 0 : sizeof(float) * op.dims[1] * op.dims[2];
}

// turned[first..last, n] = columns first..last of w[n, k], in tiles that fit the first-level cache.
void turn_weight(const Op& op, int64_t first, int64_t last, float* turned) {
  const int64_t n = op.dims[1], k = op.dims[2];
  constexpr int64_t kTile = 16;
  for (int64_t row = 0; row < n; row += kTile) {
    const int64_t rows = std::min(kTile, n - row);
    for (int64_t column = first; column < last; ++column) {
      for (int64_t i = 0; i < rows; ++i) {
        turned[column * n + row + i] = op.in(1)[(row + i) * k + column];
      }
    }
  }
}

const char* linear_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const int64_t n = op.dims[1], k = op.dims[2], rows = end - begin;
  const bool in_out = op.flag(CLIPA_FLAG_IN_OUT);
  float* turned = reinterpret_cast<float*>(run.workspace);
  if (phase == 0) {
    if (!in_out) turn_weight(op, begin, end, turned);
    return nullptr;
  }
  float* y = op.out(4) + begin * n;
  float* pre = op.has(5) ? op.out(5) + begin * n : nullptr;
  float* product = op.activation() != 0 ? pre : y;
  gemm(false, false, rows, n, k, 1, op.in(0) + begin * k, k, in_out ? op.in(1) : turned, n, 0,
       product, n);
  linear_epilogue(op.activation(), rows, n, product, op.in(2),
                  op.has(3) ? op.in(3) + begin * n : nullptr, y);
  return nullptr;
}

// --- gradient of the input: dz, w, pre?, acc? -> dx

void input_needs(const Op& op, Needs& needs) {
  const Extent m = op.dims[0], n = op.dims[1], k = op.dims[2];
  needs.add(m * n);
  needs.add(n * k);
  needs.optional(m * k);
  needs.optional(m * k);
  needs.add(m * k);
  needs.refuse(check_linear(op, 2, true));
  if (op.has(2) && op.has(3)) needs.refuse("pre and acc exclude each other");
}

const char* input_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t n = op.dims[1], k = op.dims[2], rows = end - begin;
  float* dx = op.out(4) + begin * k;
  const float* acc = op.has(3) ? op.in(3) + begin * k : nullptr;
  if (acc != nullptr && acc != dx) std::memcpy(dx, acc, sizeof(float) * rows * k);
  const bool in_out = op.flag(CLIPA_FLAG_IN_OUT);
  gemm(false, in_out, rows, k, n, 1, op.in(0) + begin * n, n, op.in(1), in_out ? n : k,
       acc != nullptr ? 1 : 0, dx, k);
  if (op.activation() != 0) {
    activation_gradient(op.activation(), rows * k, op.in(2) + begin * k, dx);
  }
  return nullptr;
}

// --- gradient of the weight: dz, x -> dw, db?
// Phase 0: every chunk of rows gives a partial product; phase 1 adds the partials in order.

int64_t chunk_count(const Op& op) {
  return std::max<int64_t>(1, std::min(kMaxChunks, op.dims[0] / kChunkRows / 2 * 2));
}

int64_t chunk_rows(const Op& op) {
  const int64_t chunks = chunk_count(op);
  return (op.dims[0] + chunks - 1) / chunks;
}

void weight_needs(const Op& op, Needs& needs) {
  const Extent m = op.dims[0], n = op.dims[1], k = op.dims[2];
  needs.add(m * n);
  needs.add(m * k);
  needs.add(n * k);
  needs.optional(n);
  needs.refuse(check_linear(op, 0, false));
}

int64_t weight_items(const Op& op, int phase) { return phase == 0 ? chunk_count(op) : op.dims[1]; }
int64_t weight_grain(const Op& op, int phase) {
  return phase == 0 ? 1 : std::max<int64_t>(1, 16384 / op.dims[2]);
}

uint64_t weight_workspace(const Op& op) {
  return sizeof(float) * chunk_count(op) * op.dims[1] * (op.dims[2] + 1);
}

const char* weight_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const int64_t m = op.dims[0], n = op.dims[1], k = op.dims[2];
  const int64_t chunks = chunk_count(op);
  float* products = reinterpret_cast<float*>(run.workspace);  // [chunks, n, k]
  float* sums = products + chunks * n * k;                    // [chunks, n]
  if (phase == 0) {
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      const int64_t first = chunk * chunk_rows(op);
      const int64_t rows = std::min(m, first + chunk_rows(op)) - first;
      const float* dz = op.in(0) + first * n;
      const float* x = op.in(1) + first * k;
      float* product = products + chunk * n * k;
      if (op.flag(CLIPA_FLAG_IN_OUT)) {
        gemm(true, false, k, n, rows, 1, x, k, dz, n, 0, product, n);
      } else {
        gemm(true, false, n, k, rows, 1, dz, n, x, k, 0, product, k);
      }
      if (op.has(3)) column_sums(rows, n, dz, sums + chunk * n);
    }
    return nullptr;
  }
  const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  add_partials(chunks, n * k, products, begin * k, end * k, accumulate, op.out(2));
  if (op.has(3)) add_partials(chunks, n, sums, begin, end, accumulate, op.out(3));
  return nullptr;
}

}  // namespace

const OpSpec kLinearOps[] = {
    {CLIPA_OP_LINEAR, "linear", CLIPA_FLAG_ACTIVATION | CLIPA_FLAG_IN_OUT, 2, linear_needs,
     linear_items, linear_grain, linear_workspace, no_bytes, linear_run},
    {CLIPA_OP_LINEAR_BACKWARD_INPUT, "linear_backward_input",
     CLIPA_FLAG_ACTIVATION | CLIPA_FLAG_IN_OUT, 1, input_needs, rows_of, panel_of, no_bytes,
     no_bytes, input_run},
    {CLIPA_OP_LINEAR_BACKWARD_WEIGHT, "linear_backward_weight",
     CLIPA_FLAG_ACCUMULATE | CLIPA_FLAG_IN_OUT, 2, weight_needs, weight_items, weight_grain,
     weight_workspace, no_bytes, weight_run},
    {}};

}  // namespace clipa
