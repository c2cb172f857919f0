// Our ops as ONNX Runtime sees them: callbacks in, statuses out, no exception past this file.
#include "ort/custom_ops.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

#include "ort/call.h"
#include "ort/device_ops.h"

namespace clipa {
namespace ort {

namespace {

constexpr int kOptional = 1;
constexpr int kAttributeInt = 1, kAttributeFloat = 3, kAttributeString = 5;

// A row of the table of kernels, as an op of one ONNX Runtime.
struct CustomOp : OrtCustomOp {
  const OpKernel* kernel;
  const Api* api;
};

struct Kernel {
  const OpKernel* row;
  const Api* api;
  Attributes attributes;
  PackedWeights packed;
  std::shared_ptr<void> device;  // of a kernel that queues
};

template <class Body>
OrtStatus* guarded(const Api& api, Body body) {
  try {
    body();
    return nullptr;
  } catch (const OpError& error) {
    return api.CreateStatus(kInvalidArgument, error.what());
  } catch (const std::bad_alloc&) {
    return api.CreateStatus(kFail, "clipa: out of memory");
  } catch (const std::exception& error) {
    return api.CreateStatus(kFail, error.what());
  } catch (...) {
    return api.CreateStatus(kFail, "clipa: unknown exception");
  }
}

const CustomOp& self(const OrtCustomOp* op) { return *static_cast<const CustomOp*>(op); }
const OpSchema& schema_of(const OrtCustomOp* op) { return *self(op).kernel->schema; }

// True when the call succeeded; an attribute that is not there is no failure here.
bool succeeded(const Api& api, OrtStatus* status) {
  if (status == nullptr) return true;
  api.ReleaseStatus(status);
  return false;
}

// Packs the weights that the graph holds as constants.
PackedWeights pack_constants(const Api& api, const OpSchema& schema, const OrtKernelInfo* info) {
  PackedWeights packed(schema.inputs.size());
  for (size_t i = 0; i < schema.inputs.size(); ++i) {
    const TensorSpec& spec = schema.inputs[i];
    if (spec.packing == Packing::kNone) continue;
    int constant = 0;
    const OrtValue* value = nullptr;
    check_node(api, api.KernelInfoGetConstantInput_tensor(info, i, &constant, &value));
    if (constant == 0 || value == nullptr) continue;
    Owned<OrtTensorTypeAndShapeInfo> shape(api.ReleaseTensorTypeAndShapeInfo);
    check_node(api, api.GetTensorTypeAndShape(value, shape.out()));
    size_t rank = 0;
    check_node(api, api.GetDimensionsCount(shape.get(), &rank));
    if (rank != 2) continue;  // the first call says what is wrong
    int64_t dims[2];
    check_node(api, api.GetDimensions(shape.get(), dims, rank));
    void* data = nullptr;
    check_node(api, api.GetTensorMutableData(const_cast<OrtValue*>(value), &data));
    if (dims[0] > 0 && dims[1] > 0) packed[i] = pack(spec, static_cast<const float*>(data), dims);
  }
  return packed;
}

OrtStatus* create_kernel(const OrtCustomOp* op, const OrtApi*, const OrtKernelInfo* info,
                         void** kernel) {
  const Api& api = *self(op).api;
  return guarded(api, [&] {
    const auto read = [&](const AttributeSpec& spec, double* number, std::string* string) {
      switch (spec.kind) {
        case AttributeKind::kInt: {
          int64_t value = 0;
          const bool given =
              succeeded(api, api.KernelInfoGetAttribute_int64(info, spec.name, &value));
          *number = static_cast<double>(value);
          return given;
        }
        case AttributeKind::kFloat: {
          float value = 0;
          const bool given =
              succeeded(api, api.KernelInfoGetAttribute_float(info, spec.name, &value));
          *number = value;
          return given;
        }
        default: {
          char value[64] = {};
          size_t bytes = sizeof value - 1;
          if (!succeeded(api, api.KernelInfoGetAttribute_string(info, spec.name, value, &bytes))) {
            return false;
          }
          *string = value;
          return true;
        }
      }
    };
    auto made = std::make_unique<Kernel>();
    made->row = self(op).kernel;
    made->api = &api;
    made->attributes = checked_attributes(schema_of(op), read);
    if (made->row->queue != nullptr) {
      made->device = device_state();
    } else {
      made->packed = pack_constants(api, schema_of(op), info);
    }
    *kernel = made.release();
  });
}

OrtStatus* compute(void* kernel, OrtKernelContext* context) {
  const Kernel& k = *static_cast<const Kernel*>(kernel);
  return guarded(*k.api, [&] {
    if (k.row->queue != nullptr) {
      const Node node(*k.api, *k.row->schema, k.attributes, context);
      void* stream = nullptr;
      check_node(*k.api, k.api->KernelContext_GetGPUComputeStream(context, &stream));
      if (node['B'] > 0) k.row->queue(k.attributes, node, {stream, k.device.get()});
      return;
    }
    Call call(*k.api, *k.row->schema, k.attributes, k.packed, context);
    if (call['B'] > 0) k.row->compute(k.attributes, call);
  });
}

Shape inferred(const Api& api, const OrtShapeInferContext* context, size_t index) {
  OrtTensorTypeAndShapeInfo* info = nullptr;  // belongs to the context
  check_node(api, api.ShapeInferContext_GetInputTypeShape(context, index, &info));
  size_t rank = 0;
  check_node(api, api.GetDimensionsCount(info, &rank));
  Shape shape;
  shape.dims.resize(rank);
  check_node(api, api.GetDimensions(info, shape.dims.data(), rank));
  std::vector<const char*> names(rank);
  check_node(api, api.GetSymbolicDimensions(info, names.data(), rank));
  for (const char* name : names) shape.symbols.emplace_back(name != nullptr ? name : "");
  return shape;
}

OrtStatus* infer_shape(const OrtCustomOp* op, OrtShapeInferContext* context) {
  const Api& api = *self(op).api;
  return guarded(api, [&] {
    const OpSchema& schema = schema_of(op);
    const auto read = [&](const AttributeSpec& spec, double* number, std::string* string) {
      const OrtOpAttr* attribute = nullptr;
      if (!succeeded(api, api.ShapeInferContext_GetAttribute(context, spec.name, &attribute)) ||
          attribute == nullptr) {
        return false;
      }
      size_t needed = 0;
      int64_t integer = 0;
      float real = 0;
      char characters[64] = {};
      switch (spec.kind) {
        case AttributeKind::kInt:
          check_node(api,
                     api.ReadOpAttr(attribute, kAttributeInt, &integer, sizeof integer, &needed));
          *number = static_cast<double>(integer);
          break;
        case AttributeKind::kFloat:
          check_node(api, api.ReadOpAttr(attribute, kAttributeFloat, &real, sizeof real, &needed));
          *number = real;
          break;
        default:
          check_node(api, api.ReadOpAttr(attribute, kAttributeString, characters,
                                         sizeof characters - 1, &needed));
          *string = characters;
      }
      return true;
    };
    const Attributes attributes = checked_attributes(schema, read);
    Letters letters;
    if (schema.prepare != nullptr) schema.prepare(attributes, letters);
    size_t given = 0;
    check_node(api, api.ShapeInferContext_GetInputCount(context, &given));
    std::vector<Shape> shapes(schema.inputs.size());
    Present present(schema.inputs.size());
    for (size_t i = 0; i < schema.inputs.size() && i < given; ++i) {
      shapes[i] = inferred(api, context, i);
      // An input left out in the middle looks like a scalar, which no op takes; the last one that
      // is given may be a tensor whose shape is not known yet.
      present[i] = !shapes[i].dims.empty() || i + 1 == given;
    }
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t i = 0; i < shapes.size(); ++i) {
        if (shapes[i].dims.empty()) continue;
        letters.match(schema.name, schema.inputs[i].name, schema.inputs[i].shape, shapes[i]);
      }
    }
    if (schema.derive != nullptr) schema.derive(attributes, present, letters);
    const Shape shape = letters.shape(schema.output.shape);
    std::vector<const char*> names;
    for (const std::string& symbol : shape.symbols) names.push_back(symbol.c_str());
    Owned<OrtTensorTypeAndShapeInfo> info(api.ReleaseTensorTypeAndShapeInfo);
    check_node(api, api.CreateTensorTypeAndShapeInfo(info.out()));
    check_node(api, api.SetTensorElementType(info.get(), schema.output.type));
    check_node(api, api.SetDimensions(info.get(), shape.dims.data(), shape.dims.size()));
    check_node(api, api.SetSymbolicDimensions(info.get(), names.data(), names.size()));
    check_node(api, api.ShapeInferContext_SetOutputTypeShape(context, 0, info.get()));
  });
}

void fill(CustomOp& op) {
  std::memset(static_cast<OrtCustomOp*>(&op), 0, sizeof(OrtCustomOp));
  op.version = kApiVersion;
  op.GetName = [](const OrtCustomOp* o) { return schema_of(o).name; };
  op.GetExecutionProviderType = [](const OrtCustomOp* o) { return self(o).kernel->provider; };
  op.GetInputTypeCount = [](const OrtCustomOp* o) { return schema_of(o).inputs.size(); };
  op.GetInputType = [](const OrtCustomOp* o, size_t i) {
    return static_cast<int>(schema_of(o).inputs[i].type);
  };
  op.GetInputCharacteristic = [](const OrtCustomOp* o, size_t i) {
    return schema_of(o).inputs[i].optional ? kOptional : 0;
  };
  op.GetInputMemoryType = [](const OrtCustomOp*, size_t) { return 0; };
  op.GetOutputTypeCount = [](const OrtCustomOp*) { return size_t{1}; };
  op.GetOutputType = [](const OrtCustomOp* o, size_t) {
    return static_cast<int>(schema_of(o).output.type);
  };
  op.GetOutputCharacteristic = [](const OrtCustomOp*, size_t) { return 0; };
  op.GetStartVersion = [](const OrtCustomOp*) { return 1; };
  op.GetEndVersion = [](const OrtCustomOp*) { return 1; };
  op.CreateKernelV2 = create_kernel;
  op.KernelComputeV2 = compute;
  op.KernelDestroy = [](void* kernel) { delete static_cast<Kernel*>(kernel); };
  op.InferOutputShapeFn = infer_shape;
}

// The domain of one ONNX Runtime; sessions refer to it, so it is never freed.
struct Domain {
  explicit Domain(const OrtApi* table) : table(table), api(table) {}
  const OrtApi* table;
  Api api;
  OrtCustomOpDomain* domain = nullptr;
  std::vector<std::unique_ptr<CustomOp>> ops;
};

OrtStatus* make_domain(Domain& made) {
  if (OrtStatus* status = made.api.CreateCustomOpDomain("clipa", &made.domain)) return status;
  for (const OpKernel* row : {kCpuKernels, kDeviceKernels}) {
    for (; row->schema != nullptr; ++row) {
      auto op = std::make_unique<CustomOp>();
      fill(*op);
      op->kernel = row;
      op->api = &made.api;
      if (OrtStatus* status = made.api.CustomOpDomain_Add(made.domain, op.get())) return status;
      made.ops.push_back(std::move(op));
    }
  }
  return nullptr;
}

std::string shape_json(const char* pattern) {
  std::string out = "[", part;
  const auto flush = [&] {
    const bool number = part.find_first_not_of("0123456789") == std::string::npos;
    out += (out.size() > 1 ? "," : "") + (number ? part : "\"" + part + "\"");
    part.clear();
  };
  for (const char* c = pattern; *c != '\0'; ++c) {
    if (*c == ',') {
      flush();
    } else {
      part += *c;
    }
  }
  flush();
  return out + "]";
}

std::string tensor_json(const TensorSpec& spec) {
  const char* type = spec.type == CLIPA_ORT_F32   ? "f32"
                     : spec.type == CLIPA_ORT_U8  ? "u8"
                     : spec.type == CLIPA_ORT_I32 ? "i32"
                                                  : "i64";
  return std::string("{\"name\":\"") + spec.name + "\",\"type\":\"" + type +
         "\",\"shape\":" + shape_json(spec.shape) + (spec.optional ? ",\"optional\":true}" : "}");
}

std::string attribute_json(const AttributeSpec& spec) {
  const char* kind = spec.kind == AttributeKind::kInt     ? "int"
                     : spec.kind == AttributeKind::kFloat ? "float"
                                                          : "string";
  std::string out = std::string("{\"name\":\"") + spec.name + "\",\"type\":\"" + kind + "\"";
  if (!spec.required) {
    char number[32];
    std::snprintf(number, sizeof number, "%.9g", spec.fallback);
    const bool string = spec.kind == AttributeKind::kString;
    out += ",\"default\":" + (string ? "\"" + std::string(spec.values[0]) + "\"" : number);
  }
  if (!spec.values.empty()) {
    out += ",\"values\":[";
    for (const char* value : spec.values) {
      out += std::string(value == spec.values[0] ? "" : ",") + "\"" + value + "\"";
    }
    out += "]";
  }
  return out + "}";
}

template <class T, class ToJson>
std::string list_json(const std::vector<T>& items, ToJson to_json) {
  std::string out = "[";
  for (const T& item : items) out += (out.size() > 1 ? "," : "") + to_json(item);
  return out + "]";
}

}  // namespace

OrtStatus* register_custom_ops(OrtSessionOptions* options, const OrtApi* table) {
  static std::mutex mutex;
  static auto* domains = new std::vector<std::unique_ptr<Domain>>();
  const std::lock_guard<std::mutex> lock(mutex);
  for (const std::unique_ptr<Domain>& domain : *domains) {
    if (domain->table == table) return domain->api.AddCustomOpDomain(options, domain->domain);
  }
  const Api api(table);
  return guarded(api, [&] {
    auto made = std::make_unique<Domain>(table);
    check_node(api, make_domain(*made));
    domains->push_back(std::move(made));
    check_node(api, api.AddCustomOpDomain(options, domains->back()->domain));
  });
}

std::string describe_custom_ops() {
  std::string out = "[";
  for (const OpKernel* row = kCpuKernels; row->schema != nullptr; ++row) {
    const OpSchema& schema = *row->schema;
    out += std::string(out.size() > 1 ? "," : "") + "{\"name\":\"" + schema.name +
           "\",\"inputs\":" + list_json(schema.inputs, tensor_json) + ",\"outputs\":[" +
           tensor_json(schema.output) +
           "],\"attributes\":" + list_json(schema.attributes, attribute_json) + "}";
  }
  return out + "]";
}

}  // namespace ort
}  // namespace clipa
