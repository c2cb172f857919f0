#include "ort/session.h"

#include <cstdio>

#include "ort/cuda_provider.h"
#include "ort/custom_ops.h"
#include "ort/device_ops.h"

namespace clipa {
namespace ort {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string slots_json(const std::vector<Slot>& slots) {
  std::string out = "[";
  for (const Slot& slot : slots) {
    if (out.size() > 1) out += ",";
    out += "{\"name\":" + quoted(slot.name) + ",\"type\":" + std::to_string(slot.tensor.type) +
           ",\"dims\":[";
    for (int32_t i = 0; i < slot.tensor.rank; ++i) {
      if (i > 0) out += ",";
      const int64_t dim = slot.tensor.dims[i];
      out += dim >= 0 ? std::to_string(dim) : quoted(slot.symbols[i]);
    }
    out += "]}";
  }
  return out + "]";
}

}  // namespace

clipa_ort_tensor tensor_of(const Api& api, const OrtTensorTypeAndShapeInfo* info,
                           std::vector<std::string>* symbols) {
  clipa_ort_tensor tensor = {};
  check(api, api.GetTensorElementType(info, &tensor.type));
  size_t rank = 0;
  check(api, api.GetDimensionsCount(info, &rank));
  if (rank > CLIPA_ORT_MAX_RANK) {
    throw Failure(CLIPA_UNSUPPORTED, "a tensor has " + std::to_string(rank) +
                                         " dimensions; allowed are up to " +
                                         std::to_string(CLIPA_ORT_MAX_RANK));
  }
  tensor.rank = static_cast<int32_t>(rank);
  check(api, api.GetDimensions(info, tensor.dims, rank));
  if (symbols != nullptr) {
    const char* names[CLIPA_ORT_MAX_RANK] = {};
    check(api, api.GetSymbolicDimensions(info, names, rank));
    for (size_t i = 0; i < rank; ++i) symbols->push_back(names[i] != nullptr ? names[i] : "");
  }
  return tensor;
}

Session::Session(const clipa_ort_params& params, std::string path, std::string model)
    : runtime_(ort::runtime()),
      params_(params),
      path_(std::move(path)),
      model_(std::move(model)),
      session_(runtime_.api.ReleaseSession) {}

void Session::use_context(std::shared_ptr<Context> context) {
  std::lock_guard<std::mutex> lock(open_mutex_);
  if (ready_) throw Failure(CLIPA_INVALID_ARGUMENT, "the session is open; say it before");
  if (params_.user_stream != 0) {
    throw Failure(CLIPA_INVALID_ARGUMENT,
                  "params.user_stream is set too; a session runs on that stream or on a context's");
  }
  context_ = std::move(context);
}

void Session::open() {
  std::lock_guard<std::mutex> lock(open_mutex_);
  if (ready_) throw Failure(CLIPA_INVALID_ARGUMENT, "the session is open");
  if (params_.provider == CLIPA_ORT_CPU) {
    create(false);
    note_ = "CPU, as asked for";
  } else if (params_.provider == CLIPA_ORT_AUTO && !has_cuda_provider(runtime_)) {
    create(false);
    note_ =
        "CPU; no CUDA because libonnxruntime_providers_cuda.so does not lie beside libonnxruntime";
  } else {
    try {
      create(true);
      note_ = "CUDA device " + std::to_string(device());
      if (context_) note_ += ", on the stream of the context";
      if (kDeviceKernels->schema == nullptr) {
        note_ += "; custom ops run on the CPU: the CUDA library has kernels for them";
      }
    } catch (const Failure& failure) {
      if (params_.provider == CLIPA_ORT_CUDA) {
        throw Failure(CLIPA_UNSUPPORTED, std::string("the CUDA provider cannot be used: ") +
                                             failure.what() + "; or ask for the provider cpu");
      }
      create(false);
      note_ = std::string("CPU; no CUDA because ") + failure.what();
    }
  }
  describe();
  std::string().swap(model_);  // ONNX Runtime keeps what it needs
  ready_ = true;
}

void Session::create(bool cuda) {
  const Api& api = runtime_.api;
  Owned<OrtSessionOptions> options(api.ReleaseSessionOptions);
  check(api, api.CreateSessionOptions(options.out()));
  check(api, api.SetIntraOpNumThreads(options.get(), params_.threads));
  check(api, api.SetInterOpNumThreads(options.get(), 1));
  const auto set = [&](const char* key, const std::string& value) {
    check(api, api.AddSessionConfigEntry(options.get(), key, value.c_str()));
  };
  set("session.intra_op.allow_spinning", params_.spin > 0 ? "1" : "0");
  // ONNX Runtime's own default would hold the cores for tens of milliseconds after a run.
  if (params_.spin > 0) set("session.intra_op.spin_duration_us", std::to_string(params_.spin));
  check(api, register_custom_ops(options.get(), runtime_.table));
  if (cuda) {
    append_cuda(runtime_, options.get(), device(),
                context_ ? context_->stream() : reinterpret_cast<void*>(params_.user_stream));
  }
  if (path_.empty()) {
    check(api, api.CreateSessionFromArray(runtime_.env, model_.data(), model_.size(), options.get(),
                                          session_.out()));
  } else {
    check(api, api.CreateSession(runtime_.env, path_.c_str(), options.get(), session_.out()));
  }
  provider_ = cuda ? "cuda" : "cpu";
}

void Session::describe() {
  const Api& api = runtime_.api;
  OrtAllocator* allocator = nullptr;
  check(api, api.GetAllocatorWithDefaultOptions(&allocator));
  const auto read = [&](size_t count, auto name_of, auto type_of, std::vector<Slot>& slots) {
    slots.clear();
    for (size_t i = 0; i < count; ++i) {
      Slot slot;
      char* name = nullptr;
      check(api, name_of(session_.get(), i, allocator, &name));
      slot.name = name;
      check(api, api.AllocatorFree(allocator, name));
      Owned<OrtTypeInfo> type(api.ReleaseTypeInfo);
      check(api, type_of(session_.get(), i, type.out()));
      const OrtTensorTypeAndShapeInfo* tensor = nullptr;
      check(api, api.CastTypeInfoToTensorInfo(type.get(), &tensor));
      if (tensor != nullptr) slot.tensor = tensor_of(api, tensor, &slot.symbols);
      slots.push_back(std::move(slot));
    }
  };
  size_t count = 0;
  check(api, api.SessionGetInputCount(session_.get(), &count));
  read(count, api.SessionGetInputName, api.SessionGetInputTypeInfo, inputs_);
  check(api, api.SessionGetOutputCount(session_.get(), &count));
  read(count, api.SessionGetOutputName, api.SessionGetOutputTypeInfo, outputs_);
}

std::string Session::info() const {
  return "{\"provider\":" + quoted(provider_) + ",\"note\":" + quoted(note_) +
         ",\"inputs\":" + slots_json(inputs_) + ",\"outputs\":" + slots_json(outputs_) + "}";
}

}  // namespace ort
}  // namespace clipa
