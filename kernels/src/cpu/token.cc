// Token embedding, patches and the assembly of image tokens.
#include <algorithm>
#include <cstring>

#include "base/op.h"
#include "cpu/ranges.h"
#include "lanes/lanes.h"

namespace clipa {

namespace {

using L = CpuLanes;

// Gradients of tables are gathered by columns: a task owns some columns of every row and walks the
// tokens in order, so no two tasks add to one number and the order of a sum is fixed.
constexpr int64_t kColumns = L::kWidth;
int64_t column_blocks(int64_t width) { return (width + kColumns - 1) / kColumns; }

// y[columns] += x[columns] within one block of columns.
void add_block(int64_t count, const float* x, float* y) {
  if (count == kColumns) {
    L::store(y, L::load(y) + L::load(x));
  } else {
    for (int64_t i = 0; i < count; ++i) y[i] += x[i];
  }
}

void clear_block(int64_t rows, int64_t width, int64_t first, int64_t count, float* table) {
  for (int64_t row = 0; row < rows; ++row) {
    std::memset(table + row * width + first, 0, sizeof(float) * count);
  }
}

int64_t sample_grain(const Op& op, int) {
  return rows_per_task(std::max<int64_t>(1, op.dims[1] * op.dims[2]));
}

// --- embedding: ids, table, position? -> y

void embedding_needs(const Op& op, Needs& needs) {
  const Extent batch = op.dims[0], tokens = op.dims[1], width = op.dims[2];
  needs.add(batch * tokens);
  needs.add(op.extent(3) * width);
  needs.optional(tokens * width);
  needs.add(batch * tokens * width);
  needs.refuse(check_dims(op, 4));
}

const char* embedding_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t tokens = op.dims[1], width = op.dims[2];
  const int32_t* ids = op.in<int32_t>(0);
  for (int64_t row = begin * tokens; row < end * tokens; ++row) {
    if (ids[row] < 0 || ids[row] >= op.dims[3]) return "a token id lies outside the table";
    const float* entry = op.in(1) + ids[row] * width;
    const float* position = op.has(2) ? op.in(2) + row % tokens * width : nullptr;
    float* y = op.out(3) + row * width;
    for_lanes<L>(width, [&](auto read, auto write) {
      write(y, position != nullptr ? read(entry) + read(position) : read(entry));
    });
  }
  return nullptr;
}

// --- ids, dy -> dtable, dposition?

void embedding_backward_needs(const Op& op, Needs& needs) {
  const Extent batch = op.dims[0], tokens = op.dims[1], width = op.dims[2];
  needs.add(batch * tokens);
  needs.add(batch * tokens * width);
  needs.add(op.extent(3) * width);
  needs.optional(tokens * width);
  needs.refuse(check_dims(op, 4));
}

// Phase 0 clears the table by rows, phase 1 gathers by columns.
int64_t embedding_backward_items(const Op& op, int phase) {
  return phase == 0 ? op.dims[3] : column_blocks(op.dims[2]);
}
int64_t embedding_backward_grain(const Op& op, int phase) {
  return phase == 0 ? rows_per_task(op.dims[2]) : 1;
}

const char* embedding_backward_run(const Op& op, int phase, int64_t begin, int64_t end,
                                   const Run&) {
  const int64_t tokens = op.dims[1], width = op.dims[2];
  const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  if (phase == 0) {
    if (!accumulate) {
      std::memset(op.out(2) + begin * width, 0, sizeof(float) * (end - begin) * width);
    }
    return nullptr;
  }
  const int32_t* ids = op.in<int32_t>(0);
  for (int64_t block = begin; block < end; ++block) {
    const int64_t first = block * kColumns;
    const int64_t count = std::min(kColumns, width - first);
    if (op.has(3) && !accumulate) clear_block(tokens, width, first, count, op.out(3));
    for (int64_t row = 0; row < op.dims[0] * tokens; ++row) {
      if (ids[row] < 0 || ids[row] >= op.dims[3]) return "a token id lies outside the table";
      const float* dy = op.in(1) + row * width + first;
      add_block(count, dy, op.out(2) + ids[row] * width + first);
      if (op.has(3)) add_block(count, dy, op.out(3) + row % tokens * width + first);
    }
  }
  return nullptr;
}

// --- patchify: pixels, meanstd, index? -> y

void patchify_needs(const Op& op, Needs& needs) {
  const int64_t height = op.dims[1], width = op.dims[2], patch = op.dims[3], kept = op.dims[4];
  needs.add(op.extent(0) * height * width * 3, 1);
  needs.add(6);
  needs.optional(op.extent(0) * kept);
  needs.add(op.extent(0) * kept * 3 * patch * patch);
  needs.refuse(check_dims(op, 5));
  if (needs.problem != nullptr) return;
  if (height % patch != 0 || width % patch != 0) {
    needs.refuse("the patch does not divide the picture");
  } else if (!op.has(2) && kept != height / patch * (width / patch)) {
    needs.refuse("without an index every patch is kept");
  }
}

int64_t patchify_grain(const Op& op, int) {
  return rows_per_task(std::max<int64_t>(1, op.dims[4] * op.dims[3] * op.dims[3] * 3));
}

const char* patchify_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t height = op.dims[1], width = op.dims[2], patch = op.dims[3], kept = op.dims[4];
  const int64_t columns = width / patch;
  const int64_t patches = height / patch * columns;
  // (v / 255 - mean) / std as one multiplication and one addition.
  float factor[3], shift[3];
  for (int c = 0; c < 3; ++c) {
    factor[c] = 1 / (255 * op.in(1)[3 + c]);
    shift[c] = -op.in(1)[c] / op.in(1)[3 + c];
  }
  for (int64_t sample = begin; sample < end; ++sample) {
    const uint8_t* picture = op.in<uint8_t>(0) + sample * height * width * 3;
    for (int64_t i = 0; i < kept; ++i) {
      const int64_t index = op.has(2) ? op.in<int32_t>(2)[sample * kept + i] : i;
      if (index < 0 || index >= patches) return "a patch index lies outside the picture";
      const uint8_t* corner =
          picture + (index / columns * patch * width + index % columns * patch) * 3;
      float* y = op.out(3) + (sample * kept + i) * 3 * patch * patch;
      for (int64_t row = 0; row < patch; ++row) {
        const uint8_t* line = corner + row * width * 3;
        for (int c = 0; c < 3; ++c) {
          float* out = y + (c * patch + row) * patch;
          for (int64_t x = 0; x < patch; ++x) {
            out[x] = static_cast<float>(line[x * 3 + c]) * factor[c] + shift[c];
          }
        }
      }
    }
  }
  return nullptr;
}

// --- assemble: x, cls?, position?, index? -> y

void assemble_needs(const Op& op, Needs& needs) {
  const Extent batch = op.dims[0], kept = op.dims[1], width = op.dims[2];
  const Extent tokens = kept + (op.has(1) ? 1 : 0);
  needs.add(batch * kept * width);
  needs.optional(width);
  needs.optional(op.extent(3) * width);
  needs.optional(batch * kept);
  needs.add(batch * tokens * width);
  needs.refuse(check_dims(op, 3));
  if (op.has(2) && !op.has(3) && op.dims[3] != tokens.value()) {
    needs.refuse("positions differ from tokens");
  }
}

// Row of the position table for kept patch i of a sample; -1 when it lies outside.
int64_t position_of(const int32_t* index, int64_t at, int64_t i, int64_t cls, int64_t positions) {
  const int64_t position = cls + (index != nullptr ? index[at] : i);
  return position >= cls && position < positions ? position : -1;
}

const char* assemble_run(const Op& op, int, int64_t begin, int64_t end, const Run&) {
  const int64_t kept = op.dims[1], width = op.dims[2], cls = op.has(1) ? 1 : 0;
  const int64_t tokens = kept + cls;
  const int32_t* index = op.has(3) ? op.in<int32_t>(3) : nullptr;
  for (int64_t sample = begin; sample < end; ++sample) {
    for (int64_t t = 0; t < tokens; ++t) {
      const int64_t i = t - cls;
      const float* x = i < 0 ? op.in(1) : op.in(0) + (sample * kept + i) * width;
      const float* position = nullptr;
      if (op.has(2)) {
        const int64_t row = i < 0 ? 0 : position_of(index, sample * kept + i, i, cls, op.dims[3]);
        if (row < 0) return "a patch index lies outside the position table";
        position = op.in(2) + row * width;
      }
      float* y = op.out(4) + (sample * tokens + t) * width;
      for_lanes<L>(width, [&](auto read, auto write) {
        write(y, position != nullptr ? read(x) + read(position) : read(x));
      });
    }
  }
  return nullptr;
}

// --- dy, index? -> dx, dcls?, dposition?

void assemble_backward_needs(const Op& op, Needs& needs) {
  const Extent batch = op.dims[0], kept = op.dims[1], width = op.dims[2];
  const Extent tokens = kept + (op.flag(CLIPA_FLAG_CLASS_TOKEN) ? 1 : 0);
  needs.add(batch * tokens * width);
  needs.optional(batch * kept);
  needs.add(batch * kept * width);
  needs.optional(width);
  needs.optional(op.extent(3) * width);
  needs.refuse(check_dims(op, 3));
  if (op.has(3) && !op.flag(CLIPA_FLAG_CLASS_TOKEN)) needs.refuse("dcls without class token");
}

int64_t assemble_backward_items(const Op& op, int phase) {
  return phase == 0 ? op.dims[0] : column_blocks(op.dims[2]);
}
int64_t assemble_backward_grain(const Op& op, int phase) {
  return phase == 0 ? sample_grain(op, 0) : 1;
}

const char* assemble_backward_run(const Op& op, int phase, int64_t begin, int64_t end, const Run&) {
  const int64_t batch = op.dims[0], kept = op.dims[1], width = op.dims[2];
  const int64_t cls = op.flag(CLIPA_FLAG_CLASS_TOKEN) ? 1 : 0;
  const int64_t tokens = kept + cls;
  if (phase == 0) {
    for (int64_t sample = begin; sample < end; ++sample) {
      std::memcpy(op.out(2) + sample * kept * width, op.in(0) + (sample * tokens + cls) * width,
                  sizeof(float) * kept * width);
    }
    return nullptr;
  }
  if (!op.has(3) && !op.has(4)) return nullptr;
  const int32_t* index = op.has(1) ? op.in<int32_t>(1) : nullptr;
  const bool accumulate = op.flag(CLIPA_FLAG_ACCUMULATE);
  for (int64_t block = begin; block < end; ++block) {
    const int64_t first = block * kColumns;
    const int64_t count = std::min(kColumns, width - first);
    if (!accumulate && op.has(3)) clear_block(1, width, first, count, op.out(3));
    if (!accumulate && op.has(4)) clear_block(op.dims[3], width, first, count, op.out(4));
    for (int64_t row = 0; row < batch * tokens; ++row) {
      const int64_t i = row % tokens - cls;
      const float* dy = op.in(0) + row * width + first;
      if (i < 0 && op.has(3)) add_block(count, dy, op.out(3) + first);
      if (!op.has(4)) continue;
      const int64_t at = row / tokens * kept + i;
      const int64_t position = i < 0 ? 0 : position_of(index, at, i, cls, op.dims[3]);
      if (position < 0) return "a patch index lies outside the position table";
      add_block(count, dy, op.out(4) + position * width + first);
    }
  }
  return nullptr;
}

}  // namespace

const OpSpec kTokenOps[] = {
    {CLIPA_OP_EMBEDDING, "embedding", 0, 1, embedding_needs, first_dim, sample_grain, no_bytes,
     no_bytes, embedding_run},
    {CLIPA_OP_EMBEDDING_BACKWARD, "embedding_backward", CLIPA_FLAG_ACCUMULATE, 2,
     embedding_backward_needs, embedding_backward_items, embedding_backward_grain, no_bytes,
     no_bytes, embedding_backward_run},
    {CLIPA_OP_PATCHIFY, "patchify", 0, 1, patchify_needs, first_dim, patchify_grain, no_bytes,
     no_bytes, patchify_run},
    {CLIPA_OP_ASSEMBLE_TOKENS, "assemble_tokens", 0, 1, assemble_needs, first_dim, sample_grain,
     no_bytes, no_bytes, assemble_run},
    {CLIPA_OP_ASSEMBLE_TOKENS_BACKWARD, "assemble_tokens_backward",
     CLIPA_FLAG_ACCUMULATE | CLIPA_FLAG_CLASS_TOKEN, 2, assemble_backward_needs,
     assemble_backward_items, assemble_backward_grain, no_bytes, no_bytes, assemble_backward_run},
    {}};

}  // namespace clipa
