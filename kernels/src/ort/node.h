// The tensors of one computation of a node, read from ONNX Runtime and checked.
#pragma once

#include <vector>

#include "ort/op_schema.h"
#include "ort/ort_api.h"

namespace clipa {
namespace ort {

class Node {
 public:
  // Reads and checks the node's inputs and asks for its output. Nothing looks at values, so tensors
  // may lie on a device. Throws OpError.
  Node(const Api& api, const OpSchema& schema, const Attributes& attributes,
       OrtKernelContext* context);

  int64_t operator[](char letter) const { return letters_[letter]; }
  bool has(size_t input) const { return inputs_[input] != nullptr; }
  template <class T = float>
  const T* in(size_t input) const {
    return static_cast<const T*>(inputs_[input]);
  }
  // The output, in the shape that the letters give.
  template <class T = float>
  T* out() const {
    return static_cast<T*>(output_);
  }

 protected:
  const Shape& shape(size_t input) const { return shapes_[input]; }
  const Api& api_;
  const OpSchema& schema_;
  OrtKernelContext* const context_;

 private:
  Letters letters_;
  std::vector<Shape> shapes_;
  std::vector<const void*> inputs_;
  void* output_ = nullptr;
};

// Throws OpError with the message of ONNX Runtime; null is success.
void check_node(const Api& api, OrtStatus* status);

}  // namespace ort
}  // namespace clipa
