// Linear layers: row panels of SGEMM with the epilogue applied while the panel is in cache.
#include <algorithm>
#include <cstring>

#include "base/op.h"
#include "cpu/bf16_tiles.h"
#include "cpu/gemm.h"
#include "cpu/linear_epilogue.h"
#include "cpu/partial_sums.h"

namespace clipa {

namespace {

constexpr int64_t kPanelRows = 256;  // activations of a panel stay in the second-level cache
// A panel's rounded inputs and its sums in float32 stay there, too.
constexpr int64_t kTilePanelRows = 128;
constexpr int64_t kTileGrain = 4;     // blocks of 16 columns of a weight that a task packs
constexpr int64_t kTileChunk = 512;   // rows whose tiles lie beside the sums in that cache
constexpr int64_t kChunkRows = 1024;  // rows summed by one task of a weight gradient
constexpr int64_t kMaxChunks = 16;
constexpr int64_t kTransposeRows = 64;

// Panels of equal height, their number a multiple of four so that two or four threads end together.
int64_t panel_rows(const Op& op) {
  const int64_t rows = op.dims[0], unit = op.bf16 ? 2 * kTileOuter : 8;
  const int64_t most = op.bf16 ? kTilePanelRows : kPanelRows;
  int64_t panels = (rows + most - 1) / most;
  if (panels > 2) panels = (panels + 3) / 4 * 4;
  return std::max(unit, (rows + panels * unit - 1) / (panels * unit) * unit);
}

// x w for a panel of rows of x [rows, sum] and the tiles of w, in scratch, from where it goes to
// memory in order. Tiles are stored column by column, which the processor cannot foresee.
const float* tile_panel(int64_t rows, int64_t columns, int64_t sum, const float* x,
                        const Run& run) {
  float* product = reinterpret_cast<float*>(run.scratch);
  uint16_t* left = reinterpret_cast<uint16_t*>(product + (rows * columns + 15) / 16 * 16);
  pack_left({x, sum, false, rows, sum}, 0, tile_blocks(rows), left);
  const uint16_t* right = reinterpret_cast<const uint16_t*>(run.workspace);
  multiply_tiles({left, right, rows, columns, sum, product, columns, false});
  return product;
}

uint64_t tile_bytes(int64_t outer, int64_t sum) {
  return sizeof(uint16_t) * tile_values(outer, sum);
}

uint64_t tile_panel_bytes(int64_t rows, int64_t columns, int64_t sum) {
  return sizeof(float) * ((rows * columns + 15) / 16 * 16) + tile_bytes(rows, sum);
}

bool is_gelu(uint32_t activation) {
  return activation == CLIPA_FLAG_GELU_ERF || activation == CLIPA_FLAG_GELU_TANH ||
         activation == CLIPA_FLAG_GELU_QUICK;
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

// Phase 0 turns an [n,k] weight into [k,n], or any into tiles, once; otherwise every panel would do
// it while packing.
int64_t linear_items(const Op& op, int phase) {
  if (phase != 0) return op.dims[0];
  if (op.bf16) return tile_blocks(op.dims[1]);
  return op.flag(CLIPA_FLAG_IN_OUT) ? 0 : op.dims[2];
}
int64_t linear_grain(const Op& op, int phase) {
  if (phase != 0) return panel_rows(op);
  return op.bf16 ? kTileGrain : kTransposeRows;
}
uint64_t linear_workspace(const Op& op) {
  if (op.bf16) return tile_bytes(op.dims[1], op.dims[2]);
  return op.flag(CLIPA_FLAG_IN_OUT) ? 0 : sizeof(float) * op.dims[1] * op.dims[2];
}
uint64_t linear_scratch(const Op& op) {
  return op.bf16 ? tile_panel_bytes(panel_rows(op), op.dims[1], op.dims[2]) : 0;
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
    if (op.bf16) {
      pack_right({op.in(1), in_out ? n : k, in_out, n, k}, begin, end,
                 reinterpret_cast<uint16_t*>(run.workspace));
    } else {
      turn_weight(op, begin, end, turned);
    }
    return nullptr;
  }
  float* y = op.out(4) + begin * n;
  float* pre = op.has(5) ? op.out(5) + begin * n : nullptr;
  const float* x = op.in(0) + begin * k;
  const float* product = op.activation() != 0 ? pre : y;
  if (op.bf16) {
    product = tile_panel(rows, n, k, x, run);
  } else {
    gemm(false, false, rows, n, k, 1, x, k, in_out ? op.in(1) : turned, n, 0,
         op.activation() != 0 ? pre : y, n);
  }
  linear_epilogue(op.activation(), rows, n, product, op.in(2),
                  op.has(3) ? op.in(3) + begin * n : nullptr, pre, y);
  return nullptr;
}

// --- gradient of the input: dz, w, pre?, acc? -> dx
// Phase 0 turns the weight into tiles where products take such.

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

int64_t input_items(const Op& op, int phase) {
  if (phase != 0) return op.dims[0];
  return op.bf16 ? tile_blocks(op.dims[2]) : 0;
}
int64_t input_grain(const Op& op, int phase) { return phase == 0 ? kTileGrain : panel_rows(op); }
uint64_t input_workspace(const Op& op) { return op.bf16 ? tile_bytes(op.dims[2], op.dims[1]) : 0; }
uint64_t input_scratch(const Op& op) {
  return op.bf16 ? tile_panel_bytes(panel_rows(op), op.dims[2], op.dims[1]) : 0;
}

const char* input_run(const Op& op, int phase, int64_t begin, int64_t end, const Run& run) {
  const int64_t n = op.dims[1], k = op.dims[2], rows = end - begin;
  const bool in_out = op.flag(CLIPA_FLAG_IN_OUT);
  if (phase == 0) {
    pack_right({op.in(1), in_out ? n : k, !in_out, k, n}, begin, end,
               reinterpret_cast<uint16_t*>(run.workspace));
    return nullptr;
  }
  float* dx = op.out(4) + begin * k;
  const float* acc = op.has(3) ? op.in(3) + begin * k : nullptr;
  const float* dz = op.in(0) + begin * n;
  const float* product = dx;
  if (op.bf16) {
    product = tile_panel(rows, k, n, dz, run);
    if (op.activation() == 0) linear_epilogue(0, rows, k, product, nullptr, acc, nullptr, dx);
  } else {
    if (acc != nullptr && acc != dx) std::memcpy(dx, acc, sizeof(float) * rows * k);
    gemm(false, in_out, rows, k, n, 1, dz, n, op.in(1), in_out ? n : k, acc != nullptr ? 1 : 0, dx,
         k);
  }
  if (op.activation() != 0) {
    activation_gradient(op.activation(), rows * k, product, op.in(2) + begin * k, dx);
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

// Tiles of kTileChunk rows of both factors.
uint64_t weight_scratch(const Op& op) {
  if (!op.bf16) return 0;
  return tile_bytes(op.dims[1], kTileChunk) + tile_bytes(op.dims[2], kTileChunk);
}

// product[outer, inner] = a[rows, outer]^T b[rows, inner].
void tile_chunk(int64_t rows, int64_t outer, int64_t inner, const float* a, const float* b,
                const Run& run, float* product) {
  uint16_t* left = reinterpret_cast<uint16_t*>(run.scratch);
  uint16_t* right = left + tile_values(outer, kTileChunk);
  for (int64_t row = 0; row < rows; row += kTileChunk) {
    const int64_t here = std::min(kTileChunk, rows - row);
    pack_left({a + row * outer, outer, true, outer, here}, 0, tile_blocks(outer), left);
    pack_right({b + row * inner, inner, true, inner, here}, 0, tile_blocks(inner), right);
    multiply_tiles({left, right, outer, inner, here, product, inner, row > 0});
  }
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
      const bool in_out = op.flag(CLIPA_FLAG_IN_OUT);
      if (op.bf16) {
        in_out ? tile_chunk(rows, k, n, x, dz, run, product)
               : tile_chunk(rows, n, k, dz, x, run, product);
      } else if (in_out) {
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
     linear_items, linear_grain, linear_workspace, linear_scratch, linear_run},
    {CLIPA_OP_LINEAR_BACKWARD_INPUT, "linear_backward_input",
     CLIPA_FLAG_ACTIVATION | CLIPA_FLAG_IN_OUT, 2, input_needs, input_items, input_grain,
     input_workspace, input_scratch, input_run},
    {CLIPA_OP_LINEAR_BACKWARD_WEIGHT, "linear_backward_weight",
     CLIPA_FLAG_ACCUMULATE | CLIPA_FLAG_IN_OUT, 2, weight_needs, weight_items, weight_grain,
     weight_workspace, weight_scratch, weight_run},
    {}};

}  // namespace clipa
