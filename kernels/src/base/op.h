// What an op is to the CPU build: its operands, how its work is split, and the code that does it.
#pragma once

#include <cstdint>

#include "base/extent.h"
#include "clipa.h"

namespace clipa {

// One checked op: raw pointers instead of handles. Absent operands are null.
struct Op {
  uint32_t kind = 0;
  uint32_t flags = 0;
  int64_t dims[CLIPA_MAX_DIMS] = {};
  float scalars[CLIPA_MAX_SCALARS] = {};
  void* data[CLIPA_MAX_OPERANDS] = {};
  bool bf16 = false;  // linear layers round what they multiply to bfloat16

  template <class T = float>
  const T* in(int operand) const {
    return static_cast<const T*>(data[operand]);
  }
  template <class T = float>
  T* out(int operand) const {
    return static_cast<T*>(data[operand]);
  }
  bool has(int operand) const { return data[operand] != nullptr; }
  Extent extent(int dim) const { return Extent(dims[dim]); }
  bool flag(uint32_t bits) const { return (flags & bits) == bits; }
  uint32_t activation() const { return flags & CLIPA_FLAG_ACTIVATION; }
};

// An operand's element count and element size.
struct Operand {
  int64_t elements = 0;
  int32_t element_bytes = 4;
  bool optional = false;
};

struct Needs {
  Operand operands[CLIPA_MAX_OPERANDS];
  int count = 0;
  const char* problem = nullptr;  // the first thing in dims or flags that makes no sense

  void add(Extent elements, int32_t element_bytes = 4) { push(elements, element_bytes, false); }
  void optional(Extent elements, int32_t element_bytes = 4) { push(elements, element_bytes, true); }
  // Null is no problem; an earlier problem stays.
  void refuse(const char* why) {
    if (problem == nullptr) problem = why;
  }

 private:
  // The one place where a product of dimensions is judged, so that whatever follows may multiply
  // the same dimensions without a thought.
  void push(Extent elements, int32_t element_bytes, bool optional) {
    if (!elements.fits()) refuse("the product of the dimensions is too large");
    operands[count++] = {elements.fits() ? elements.value() : 0, element_bytes, optional};
  }
};

// What a running op may use beside its operands.
struct Run {
  char* workspace = nullptr;  // shared by all tasks of the op, 64-byte aligned, not zeroed
  char* scratch = nullptr;    // this thread's own, 64-byte aligned, not zeroed
};

// An op's work is `items(op, phase)` items in every phase; the executor cuts them into tasks of
// `grain(op, phase)` items, a number that depends on the op alone, and runs the tasks on any thread
// in any order, with a barrier between phases. run() must write the same bits whoever runs it.
struct OpSpec {
  uint32_t kind;
  const char* name;
  uint32_t flags;  // those that the op understands; any other is refused
  int phases;
  void (*needs)(const Op& op, Needs& needs);
  int64_t (*items)(const Op& op, int phase);
  int64_t (*grain)(const Op& op, int phase);
  uint64_t (*workspace)(const Op& op);  // bytes, shared
  uint64_t (*scratch)(const Op& op);    // bytes, per thread
  // Returns null, or what is wrong with the data (an id out of range).
  const char* (*run)(const Op& op, int phase, int64_t begin, int64_t end, const Run& run);
};

// A checked op with the sizes of the operands that are present.
struct Step {
  const OpSpec* spec;
  Op op;
  uint64_t bytes[CLIPA_MAX_OPERANDS];
  bool side = false;  // between fork and join: may run beside those without
};

// Defined once per family in src/cpu/; the table in op_table.cc joins them.
extern const OpSpec kElementwiseOps[];
extern const OpSpec kLinearOps[];
extern const OpSpec kNormOps[];
extern const OpSpec kAttentionOps[];
extern const OpSpec kTokenOps[];
extern const OpSpec kPoolOps[];
extern const OpSpec kContrastiveOps[];
extern const OpSpec kSigmoidLossOps[];
extern const OpSpec kOptimizerOps[];
extern const OpSpec kDistOps[];  // src/dist/
extern const OpSpec kSideOps[];  // src/base/
// Every array ends with an entry of kind 0.

const OpSpec* find_op(uint32_t kind);

inline int64_t no_items(const Op&, int) { return 1; }
inline uint64_t no_bytes(const Op&) { return 0; }

}  // namespace clipa
