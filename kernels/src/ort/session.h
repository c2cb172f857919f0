// A model in ONNX Runtime: its options, its inputs and outputs, and which provider runs it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/context.h"
#include "clipa_ort.h"
#include "ort/ort_library.h"

namespace clipa {
namespace ort {

// The message of an object's last failed call; read from another thread than the one that failed.
class LastError {
 public:
  void set(const std::string& message) {
    std::lock_guard<std::mutex> lock(mutex_);
    message_ = message;
  }
  std::string get() {
    std::lock_guard<std::mutex> lock(mutex_);
    return message_;
  }

 private:
  std::mutex mutex_;
  std::string message_;
};

struct Slot {
  std::string name;
  clipa_ort_tensor tensor = {};
  std::vector<std::string> symbols;  // names of free dimensions
};

class Session {
 public:
  // One of path and model; nothing is read yet.
  Session(const clipa_ort_params& params, std::string path, std::string model);

  // Runs take turns with the ops of this context, and go to its stream. Before open().
  void use_context(std::shared_ptr<Context> context);

  // Reads the graph. Throws Failure. Once.
  void open();

  // Null until open() has succeeded.
  OrtSession* get() const { return ready_ ? session_.get() : nullptr; }
  const Runtime& runtime() const { return runtime_; }
  int32_t threads() const { return params_.threads; }
  int32_t device() const { return context_ ? context_->device() : params_.device; }
  bool on_cuda() const { return provider_ == "cuda"; }
  // May be null.
  Context* context() const { return context_.get(); }
  const std::vector<Slot>& inputs() const { return inputs_; }
  const std::vector<Slot>& outputs() const { return outputs_; }

  // JSON text: provider, note, inputs, outputs.
  std::string info() const;

  LastError error;

 private:
  void create(bool cuda);
  void describe();

  const Runtime& runtime_;
  const clipa_ort_params params_;
  const std::string path_;
  std::string model_;
  std::mutex open_mutex_;
  std::atomic<bool> ready_{false};
  std::shared_ptr<Context> context_;
  Owned<OrtSession> session_;
  std::vector<Slot> inputs_, outputs_;
  std::string provider_, note_;
};

// Type and shape of a tensor; `symbols` may be null.
clipa_ort_tensor tensor_of(const Api& api, const OrtTensorTypeAndShapeInfo* info,
                           std::vector<std::string>* symbols);

}  // namespace ort
}  // namespace clipa
