#include "ort/session_run.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "ort/device_ops.h"
#include "ort/threads_of_run.h"

namespace clipa {
namespace ort {

namespace {

constexpr uint64_t kAlign = 64;

uint64_t element_bytes(int32_t type) {
  switch (type) {
    case CLIPA_ORT_F32:
    case CLIPA_ORT_I32:
      return 4;
    case CLIPA_ORT_U8:
      return 1;
    case CLIPA_ORT_I64:
      return 8;
    default:
      throw Failure(CLIPA_UNSUPPORTED,
                    "element type " + std::to_string(type) +
                        " is not supported; allowed are 1 (f32), 2 (u8), 6 (i32), 7 (i64)");
  }
}

// Throws when a dimension is negative or the size does not fit.
uint64_t bytes_of(const clipa_ort_tensor& tensor) {
  uint64_t bytes = element_bytes(tensor.type);
  for (int32_t i = 0; i < tensor.rank; ++i) {
    uint64_t next = 0;
    if (tensor.dims[i] < 0 ||
        __builtin_mul_overflow(bytes, static_cast<uint64_t>(tensor.dims[i]), &next) ||
        next > uint64_t{1} << 46) {
      throw Failure(CLIPA_INVALID_ARGUMENT, "dimension " + std::to_string(i) + " is " +
                                                std::to_string(tensor.dims[i]) +
                                                ": negative, or the tensor is too large");
    }
    bytes = next;
  }
  return bytes;
}

std::string range(const char* what, uint64_t index, uint64_t count) {
  return std::string(what) + " " + std::to_string(index) + " does not exist; the model has " +
         std::to_string(count);
}

// Throws unless a tensor of `have` bytes holds the part.
void check_part(const std::string& what, uint64_t offset, uint64_t bytes, uint64_t have) {
  if (offset <= have && bytes <= have - offset) return;
  throw Failure(CLIPA_INVALID_ARGUMENT, "bytes " + std::to_string(offset) + "+" +
                                            std::to_string(bytes) + " of " + what + ", which has " +
                                            std::to_string(have));
}

}  // namespace

SessionRun::SessionRun(std::shared_ptr<Session> session)
    : session_(std::move(session)),
      api_(session_->runtime().api),
      device_memory_(api_.ReleaseMemoryInfo) {
  if (session_->get() == nullptr) {
    throw Failure(CLIPA_INVALID_ARGUMENT, "the session is not open; call clipa_ort_session_open");
  }
  for (size_t i = 0; i < session_->inputs().size(); ++i) inputs_.emplace_back(api_);
  for (size_t i = 0; i < session_->outputs().size(); ++i) outputs_.emplace_back(api_);
  if (DeviceMemory::kOnHost || !session_->on_cuda()) return;
  constexpr int kDeviceAllocator = 0, kDefaultMemory = 0;
  check(api_, api_.CreateMemoryInfo("Cuda", kDeviceAllocator, session_->device(), kDefaultMemory,
                                    device_memory_.out()));
  problem_ = std::make_unique<DeviceMemory>(session_->device(), sizeof(int32_t));
}

std::unique_lock<std::mutex> SessionRun::idle() {
  std::unique_lock<std::mutex> lock(busy_, std::try_to_lock);
  if (!lock.owns_lock()) throw Failure(CLIPA_INVALID_ARGUMENT, "the run is executing; wait for it");
  return lock;
}

SessionRun::Input& SessionRun::input_at(uint64_t index) {
  if (index < inputs_.size()) return inputs_[index];
  throw Failure(CLIPA_INVALID_ARGUMENT, range("input", index, inputs_.size()));
}

SessionRun::Output& SessionRun::output_at(uint64_t index) {
  if (index < outputs_.size()) return outputs_[index];
  throw Failure(CLIPA_INVALID_ARGUMENT, range("output", index, outputs_.size()));
}

void SessionRun::wrap(const OrtMemoryInfo* memory, const clipa_ort_tensor& tensor, void* data,
                      OrtValue** value) {
  check(api_, api_.CreateTensorWithDataAsOrtValue(memory, data, bytes_of(tensor), tensor.dims,
                                                  tensor.rank, tensor.type, value));
}

std::shared_ptr<Buffer> SessionRun::bind(const clipa_ort_tensor& tensor, uint64_t handle,
                                         uint64_t offset, OrtValue** value) {
  std::shared_ptr<Buffer> buffer = find_buffer(handle);
  if (!buffer) throw Failure(CLIPA_STALE_HANDLE, "the buffer handle is stale: it was disposed");
  if (!DeviceMemory::kOnHost && device_memory_.get() == nullptr) {
    throw Failure(CLIPA_UNSUPPORTED,
                  "the buffer is device memory and the session runs on the CPU; open it with the "
                  "provider cuda, or use clipa_ort_run_input and clipa_ort_run_read");
  }
  if (!DeviceMemory::kOnHost && buffer->context->device() != session_->device()) {
    throw Failure(CLIPA_INVALID_ARGUMENT,
                  "the buffer lies on cuda:" + std::to_string(buffer->context->device()) +
                      ", the session runs on cuda:" + std::to_string(session_->device()));
  }
  const uint64_t have = buffer->memory.bytes(), bytes = bytes_of(tensor);
  const uint64_t step = std::max<uint64_t>(4, element_bytes(tensor.type));
  if (offset % step != 0 || offset > have || bytes > have - offset) {
    throw Failure(CLIPA_INVALID_ARGUMENT, "bytes " + std::to_string(offset) + "+" +
                                              std::to_string(bytes) + " of a buffer of " +
                                              std::to_string(have) +
                                              "; allowed are offsets of whole " +
                                              std::to_string(step) + " bytes inside it");
  }
  wrap(DeviceMemory::kOnHost ? session_->runtime().cpu_memory : device_memory_.get(), tensor,
       buffer->memory.data() + offset, value);
  return buffer;
}

void SessionRun::set_input(uint64_t index, const clipa_ort_tensor& tensor, const void* data,
                           uint64_t bytes) {
  const auto lock = idle();
  Input& input = input_at(index);
  const uint64_t needed = bytes_of(tensor);
  if (bytes != needed) {
    throw Failure(CLIPA_INVALID_ARGUMENT, "input " + session_->inputs()[index].name + " has " +
                                              std::to_string(bytes) + " bytes; its shape needs " +
                                              std::to_string(needed));
  }
  input.value.reset();
  input.bound.reset();
  if (input.capacity < needed || !input.memory) {
    input.memory.reset();
    input.capacity = (needed + kAlign) / kAlign * kAlign;  // never nothing: the pointer must be one
    input.memory.reset(static_cast<char*>(std::aligned_alloc(kAlign, input.capacity)));
    if (!input.memory) {
      input.capacity = 0;
      throw std::bad_alloc();
    }
  }
  input.bytes = needed;
  if (needed > 0 && data != nullptr) std::memcpy(input.memory.get(), data, needed);
  wrap(session_->runtime().cpu_memory, tensor, input.memory.get(), input.value.out());
}

void SessionRun::write(uint64_t index, uint64_t offset, const void* data, uint64_t bytes) {
  const auto lock = idle();
  Input& input = input_at(index);
  const std::string& name = session_->inputs()[index].name;
  if (!input.memory) throw Failure(CLIPA_INVALID_ARGUMENT, "input " + name + " was not copied in");
  check_part("input " + name, offset, bytes, input.bytes);
  if (bytes > 0) std::memcpy(input.memory.get() + offset, data, bytes);
}

void SessionRun::bind_input(uint64_t index, const clipa_ort_tensor& tensor, uint64_t buffer,
                            uint64_t offset) {
  const auto lock = idle();
  Input& input = input_at(index);
  std::shared_ptr<Buffer> bound = bind(tensor, buffer, offset, input.value.out());
  input.memory.reset();
  input.capacity = input.bytes = 0;
  input.bound = std::move(bound);
}

void SessionRun::bind_output(uint64_t index, const clipa_ort_tensor& tensor, uint64_t buffer,
                             uint64_t offset) {
  const auto lock = idle();
  Output& output = output_at(index);
  output.bound = bind(tensor, buffer, offset, output.value.out());
  output.offset = offset;
}

void SessionRun::execute() {
  const auto lock = idle();
  Context* context = session_->context();
  if (context == nullptr) return run();
  // On the worker, so that nothing else is queued on the stream, or recorded from it, meanwhile.
  std::exception_ptr thrown;
  context->on_worker([&]() -> int32_t {
    try {
      run();
    } catch (...) {
      thrown = std::current_exception();
    }
    return CLIPA_OK;
  });
  if (thrown) std::rethrow_exception(thrown);
}

void SessionRun::run() {
  std::vector<const char*> input_names, output_names;
  std::vector<const OrtValue*> inputs;
  std::vector<OrtValue*> outputs;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const std::string& name = session_->inputs()[i].name;
    if (inputs_[i].value.get() == nullptr) {
      throw Failure(CLIPA_INVALID_ARGUMENT, "input " + name + " was not given");
    }
    input_names.push_back(name.c_str());
    inputs.push_back(inputs_[i].value.get());
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i].bound) outputs_[i].value.reset();
    output_names.push_back(session_->outputs()[i].name.c_str());
    outputs.push_back(outputs_[i].value.get());
  }
  const ThreadsOfRun threads(session_->threads());
  const ProblemOfRun problem(problem_ ? reinterpret_cast<int32_t*>(problem_->data()) : nullptr);
  try {
    check(api_, api_.Run(session_->get(), nullptr, input_names.data(), inputs.data(), inputs.size(),
                         output_names.data(), outputs.size(), outputs.data()));
  } catch (...) {
    take_problem();  // it must not be found by the next run
    throw;
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i].bound) *outputs_[i].value.out() = outputs[i];
  }
  // Run() has waited for the stream, so the word is final.
  const int32_t word = take_problem();
  if (word != 0) throw Failure(CLIPA_INVALID_ARGUMENT, device_problem(word));
}

int32_t SessionRun::take_problem() {
  int32_t word = 0;
  if (!problem_) return word;
  problem_->read(0, &word, sizeof word);
  const int32_t none = 0;
  if (word != 0) problem_->write(0, &none, sizeof none);
  return word;
}

clipa_ort_tensor SessionRun::output(uint64_t index) {
  const auto lock = idle();
  const OrtValue* value = output_at(index).value.get();
  if (value == nullptr) throw Failure(CLIPA_INVALID_ARGUMENT, "the run has not been executed");
  int is_tensor = 0;
  check(api_, api_.IsTensor(value, &is_tensor));
  if (is_tensor == 0) {
    throw Failure(CLIPA_UNSUPPORTED, "output " + session_->outputs()[index].name + " is no tensor");
  }
  Owned<OrtTensorTypeAndShapeInfo> info(api_.ReleaseTensorTypeAndShapeInfo);
  check(api_, api_.GetTensorTypeAndShape(value, info.out()));
  return tensor_of(api_, info.get(), nullptr);
}

void SessionRun::read(uint64_t index, uint64_t offset, void* data, uint64_t bytes) {
  const clipa_ort_tensor tensor = output(index);
  const auto lock = idle();
  check_part("output " + session_->outputs()[index].name, offset, bytes, bytes_of(tensor));
  if (bytes == 0) return;
  const Output& from_output = outputs_[index];
  if (from_output.bound) {
    return from_output.bound->memory.read(from_output.offset + offset, data, bytes);
  }
  void* from = nullptr;
  check(api_, api_.GetTensorMutableData(from_output.value.get(), &from));
  std::memcpy(data, static_cast<const char*>(from) + offset, bytes);
}

}  // namespace ort
}  // namespace clipa
