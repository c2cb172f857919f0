#include "ort/node.h"

namespace clipa {
namespace ort {

void check_node(const Api& api, OrtStatus* status) {
  if (status == nullptr) return;
  const Owned<OrtStatus> owned(api.ReleaseStatus, status);
  throw OpError(api.GetErrorMessage(status));
}

Node::Node(const Api& api, const OpSchema& schema, const Attributes& attributes,
           OrtKernelContext* context)
    : api_(api), schema_(schema), context_(context), shapes_(schema.inputs.size()) {
  if (schema.prepare != nullptr) schema.prepare(attributes, letters_);
  size_t given = 0;
  check_node(api, api.KernelContext_GetInputCount(context, &given));
  Present present;
  for (size_t i = 0; i < schema.inputs.size(); ++i) {
    const OrtValue* value = nullptr;
    if (i < given) check_node(api, api.KernelContext_GetInput(context, i, &value));
    present.push_back(value != nullptr);
    inputs_.push_back(nullptr);
    if (value == nullptr) continue;
    void* data = nullptr;
    check_node(api, api.GetTensorMutableData(const_cast<OrtValue*>(value), &data));
    static char empty;  // a tensor without elements may have no memory, but it is there
    inputs_[i] = data != nullptr ? data : &empty;
    Owned<OrtTensorTypeAndShapeInfo> info(api.ReleaseTensorTypeAndShapeInfo);
    check_node(api, api.GetTensorTypeAndShape(value, info.out()));
    size_t rank = 0;
    check_node(api, api.GetDimensionsCount(info.get(), &rank));
    shapes_[i].dims.resize(rank);
    check_node(api, api.GetDimensions(info.get(), shapes_[i].dims.data(), rank));
  }
  // Twice, since a letter may stand alone only in a later tensor.
  for (int pass = 0; pass < 2; ++pass) {
    for (size_t i = 0; i < shapes_.size(); ++i) {
      if (!present[i]) continue;
      letters_.match(schema.name, schema.inputs[i].name, schema.inputs[i].shape, shapes_[i]);
    }
  }
  if (schema.derive != nullptr) schema.derive(attributes, present, letters_);
  const Shape shape = letters_.shape(schema.output.shape);
  OrtValue* value = nullptr;
  check_node(api,
             api.KernelContext_GetOutput(context, 0, shape.dims.data(), shape.dims.size(), &value));
  check_node(api, api.GetTensorMutableData(value, &output_));
}

}  // namespace ort
}  // namespace clipa
