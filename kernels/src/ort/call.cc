#include "ort/call.h"

namespace clipa {
namespace ort {

namespace {

constexpr uint64_t kAlign = 64;
constexpr uint64_t kSmallestBlock = 1 << 20;

}  // namespace

void* Scratch::bytes(uint64_t count) {
  count = (count + kAlign - 1) / kAlign * kAlign;
  total_ += count;
  if (blocks_.empty() || blocks_.back()->bytes() - used_ < count) {
    blocks_.push_back(std::make_unique<Memory>(std::max(count, kSmallestBlock)));
    used_ = 0;
  }
  void* start = blocks_.back()->data() + used_;
  used_ += count;
  return start;
}

void Scratch::clear() {
  if (blocks_.size() > 1) {
    // Next time one block is enough.
    blocks_.clear();
    blocks_.push_back(std::make_unique<Memory>(total_));
  }
  used_ = 0;
  total_ = 0;
}

Scratch& Scratch::of_thread() {
  thread_local Scratch scratch;
  return scratch;
}

Scratch& Scratch::of_call() {
  thread_local Scratch scratch;
  return scratch;
}

std::shared_ptr<const PackedWeight> pack(const TensorSpec& spec, const float* values,
                                         const int64_t dims[2]) {
  return spec.packing == Packing::kOutIn
             ? shared_packed(values, dims[0], dims[1], PackedWeight::Layout::kOutIn)
             : shared_packed(values, dims[1], dims[0], PackedWeight::Layout::kInOut);
}

Call::Call(const Api& api, const OpSchema& schema, const Attributes& attributes,
           const PackedWeights& packed, OrtKernelContext* context)
    : Node(api, schema, attributes, context), packed_(packed) {
  for (size_t i = 0; i < schema.inputs.size(); ++i) {
    if (schema.inputs[i].packing == Packing::kNone || packed_[i] || !has(i)) continue;
    packed_[i] = pack(schema.inputs[i], in(i), shape(i).dims.data());
  }
}

void Call::parallel(int64_t count, void (*body)(void*, size_t), void* data) {
  if (count <= 1) {
    if (count == 1) body(data, 0);
    return;
  }
  check_node(api_, api_.KernelContext_ParallelFor(context_, body, static_cast<size_t>(count),
                                                  static_cast<size_t>(count), data));
}

void Call::fail_if(const char* problem) const {
  if (problem != nullptr) throw OpError(std::string(schema_.name) + ": " + problem);
}

const char* run_op(uint32_t kind, uint32_t flags, std::initializer_list<int64_t> dims, float scalar,
                   std::initializer_list<const void*> operands, Scratch& scratch) {
  const OpSpec* spec = find_op(kind);
  Op op;
  op.kind = kind;
  op.flags = flags;
  std::copy(dims.begin(), dims.end(), op.dims);
  op.scalars[0] = scalar;
  std::transform(operands.begin(), operands.end(), op.data,
                 [](const void* data) { return const_cast<void*>(data); });
  Run run;
  run.workspace = static_cast<char*>(scratch.bytes(spec->workspace(op)));
  run.scratch = static_cast<char*>(scratch.bytes(spec->scratch(op)));
  for (int phase = 0; phase < spec->phases; ++phase) {
    const char* problem = spec->run(op, phase, 0, spec->items(op, phase), run);
    if (problem != nullptr) return problem;
  }
  return nullptr;
}

}  // namespace ort
}  // namespace clipa
