// The part of ONNX Runtime's C interface that the library uses, in its own declarations.
//
// The interface is one table of function pointers that only grows: a function keeps its place for
// ever, so names and places are enough, and nothing of ONNX Runtime is needed to build. A test
// compares the places with those of the official header.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct OrtAllocator;
struct OrtCUDAProviderOptionsV2;
struct OrtCustomOpDomain;
struct OrtEnv;
struct OrtKernelContext;
struct OrtKernelInfo;
struct OrtMemoryInfo;
struct OrtOpAttr;
struct OrtRunOptions;
struct OrtSession;
struct OrtSessionOptions;
struct OrtShapeInferContext;
struct OrtStatus;
struct OrtTensorTypeAndShapeInfo;
struct OrtTypeInfo;
struct OrtValue;

// The table; only the entries named below are read.
struct OrtApi {
  void* functions[512];
};

struct OrtApiBase {
  const OrtApi* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)();
};

// What a custom op is to ONNX Runtime: its callbacks, in the order of the interface.
struct OrtCustomOp {
  uint32_t version;
  void* (*CreateKernel)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*);
  const char* (*GetName)(const OrtCustomOp*);
  const char* (*GetExecutionProviderType)(const OrtCustomOp*);  // null = CPU
  int (*GetInputType)(const OrtCustomOp*, size_t);
  size_t (*GetInputTypeCount)(const OrtCustomOp*);
  int (*GetOutputType)(const OrtCustomOp*, size_t);
  size_t (*GetOutputTypeCount)(const OrtCustomOp*);
  void (*KernelCompute)(void*, OrtKernelContext*);
  void (*KernelDestroy)(void*);
  int (*GetInputCharacteristic)(const OrtCustomOp*, size_t);
  int (*GetOutputCharacteristic)(const OrtCustomOp*, size_t);
  int (*GetInputMemoryType)(const OrtCustomOp*, size_t);
  int (*GetVariadicInputMinArity)(const OrtCustomOp*);
  int (*GetVariadicInputHomogeneity)(const OrtCustomOp*);
  int (*GetVariadicOutputMinArity)(const OrtCustomOp*);
  int (*GetVariadicOutputHomogeneity)(const OrtCustomOp*);
  OrtStatus* (*CreateKernelV2)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*, void**);
  OrtStatus* (*KernelComputeV2)(void*, OrtKernelContext*);
  OrtStatus* (*InferOutputShapeFn)(const OrtCustomOp*, OrtShapeInferContext*);
  int (*GetStartVersion)(const OrtCustomOp*);
  int (*GetEndVersion)(const OrtCustomOp*);
  size_t (*GetMayInplace)(int**, int**);
  void (*ReleaseMayInplace)(int*, int*);
  size_t (*GetAliasMap)(int**, int**);
  void (*ReleaseAliasMap)(int*, int*);
};
}

namespace clipa {
namespace ort {

// The version of the table that is asked for, and of OrtCustomOp above.
constexpr uint32_t kApiVersion = 21;

// clang-format off
// F(name, place in the table, result, parameters...)
#define CLIPA_ORT_FUNCTIONS(F) \
  F(CreateStatus, 0, OrtStatus*, int code, const char* message) \
  F(GetErrorCode, 1, int, const OrtStatus* status) \
  F(GetErrorMessage, 2, const char*, const OrtStatus* status) \
  F(CreateEnv, 3, OrtStatus*, int level, const char* name, OrtEnv** env) \
  F(CreateSession, 7, OrtStatus*, const OrtEnv* env, const char* path, \
    const OrtSessionOptions* options, OrtSession** session) \
  F(CreateSessionFromArray, 8, OrtStatus*, const OrtEnv* env, const void* model, size_t bytes, \
    const OrtSessionOptions* options, OrtSession** session) \
  F(Run, 9, OrtStatus*, OrtSession* session, const OrtRunOptions* options, \
    const char* const* input_names, const OrtValue* const* inputs, size_t input_count, \
    const char* const* output_names, size_t output_count, OrtValue** outputs) \
  F(CreateSessionOptions, 10, OrtStatus*, OrtSessionOptions** options) \
  F(SetIntraOpNumThreads, 24, OrtStatus*, OrtSessionOptions* options, int threads) \
  F(SetInterOpNumThreads, 25, OrtStatus*, OrtSessionOptions* options, int threads) \
  F(CreateCustomOpDomain, 26, OrtStatus*, const char* name, OrtCustomOpDomain** domain) \
  F(CustomOpDomain_Add, 27, OrtStatus*, OrtCustomOpDomain* domain, const OrtCustomOp* op) \
  F(AddCustomOpDomain, 28, OrtStatus*, OrtSessionOptions* options, OrtCustomOpDomain* domain) \
  F(SessionGetInputCount, 30, OrtStatus*, const OrtSession* session, size_t* count) \
  F(SessionGetOutputCount, 31, OrtStatus*, const OrtSession* session, size_t* count) \
  F(SessionGetInputTypeInfo, 33, OrtStatus*, const OrtSession* session, size_t index, \
    OrtTypeInfo** type) \
  F(SessionGetOutputTypeInfo, 34, OrtStatus*, const OrtSession* session, size_t index, \
    OrtTypeInfo** type) \
  F(SessionGetInputName, 36, OrtStatus*, const OrtSession* session, size_t index, \
    OrtAllocator* allocator, char** name) \
  F(SessionGetOutputName, 37, OrtStatus*, const OrtSession* session, size_t index, \
    OrtAllocator* allocator, char** name) \
  F(CreateTensorWithDataAsOrtValue, 49, OrtStatus*, const OrtMemoryInfo* memory, void* data, \
    size_t bytes, const int64_t* dims, size_t rank, int type, OrtValue** value) \
  F(IsTensor, 50, OrtStatus*, const OrtValue* value, int* result) \
  F(GetTensorMutableData, 51, OrtStatus*, OrtValue* value, void** data) \
  F(CastTypeInfoToTensorInfo, 55, OrtStatus*, const OrtTypeInfo* type, \
    const OrtTensorTypeAndShapeInfo** tensor) \
  F(CreateTensorTypeAndShapeInfo, 57, OrtStatus*, OrtTensorTypeAndShapeInfo** info) \
  F(SetTensorElementType, 58, OrtStatus*, OrtTensorTypeAndShapeInfo* info, int type) \
  F(SetDimensions, 59, OrtStatus*, OrtTensorTypeAndShapeInfo* info, const int64_t* dims, \
    size_t count) \
  F(GetTensorElementType, 60, OrtStatus*, const OrtTensorTypeAndShapeInfo* info, int* type) \
  F(GetDimensionsCount, 61, OrtStatus*, const OrtTensorTypeAndShapeInfo* info, size_t* count) \
  F(GetDimensions, 62, OrtStatus*, const OrtTensorTypeAndShapeInfo* info, int64_t* dims, \
    size_t count) \
  F(GetSymbolicDimensions, 63, OrtStatus*, const OrtTensorTypeAndShapeInfo* info, \
    const char** names, size_t count) \
  F(GetTensorTypeAndShape, 65, OrtStatus*, const OrtValue* value, \
    OrtTensorTypeAndShapeInfo** info) \
  F(CreateMemoryInfo, 68, OrtStatus*, const char* name, int allocator, int device, int memory, \
    OrtMemoryInfo** info) \
  F(CreateCpuMemoryInfo, 69, OrtStatus*, int allocator, int memory, OrtMemoryInfo** info) \
  F(AllocatorFree, 76, OrtStatus*, OrtAllocator* allocator, void* memory) \
  F(GetAllocatorWithDefaultOptions, 78, OrtStatus*, OrtAllocator** allocator) \
  F(KernelInfoGetAttribute_float, 85, OrtStatus*, const OrtKernelInfo* info, const char* name, \
    float* value) \
  F(KernelInfoGetAttribute_int64, 86, OrtStatus*, const OrtKernelInfo* info, const char* name, \
    int64_t* value) \
  F(KernelInfoGetAttribute_string, 87, OrtStatus*, const OrtKernelInfo* info, const char* name, \
    char* value, size_t* bytes) \
  F(KernelContext_GetInputCount, 88, OrtStatus*, const OrtKernelContext* context, size_t* count) \
  F(KernelContext_GetInput, 90, OrtStatus*, const OrtKernelContext* context, size_t index, \
    const OrtValue** value) \
  F(KernelContext_GetOutput, 91, OrtStatus*, OrtKernelContext* context, size_t index, \
    const int64_t* dims, size_t rank, OrtValue** value) \
  F(ReleaseStatus, 93, void, OrtStatus* status) \
  F(ReleaseMemoryInfo, 94, void, OrtMemoryInfo* info) \
  F(ReleaseSession, 95, void, OrtSession* session) \
  F(ReleaseValue, 96, void, OrtValue* value) \
  F(ReleaseTypeInfo, 98, void, OrtTypeInfo* type) \
  F(ReleaseTensorTypeAndShapeInfo, 99, void, OrtTensorTypeAndShapeInfo* info) \
  F(ReleaseSessionOptions, 100, void, OrtSessionOptions* options) \
  F(AddSessionConfigEntry, 130, OrtStatus*, OrtSessionOptions* options, const char* key, \
    const char* value) \
  F(KernelContext_GetGPUComputeStream, 193, OrtStatus*, const OrtKernelContext* context, \
    void** stream) \
  F(SessionOptionsAppendExecutionProvider_CUDA_V2, 204, OrtStatus*, OrtSessionOptions* options, \
    const OrtCUDAProviderOptionsV2* cuda) \
  F(CreateCUDAProviderOptions, 205, OrtStatus*, OrtCUDAProviderOptionsV2** cuda) \
  F(UpdateCUDAProviderOptions, 206, OrtStatus*, OrtCUDAProviderOptionsV2* cuda, \
    const char* const* keys, const char* const* values, size_t count) \
  F(ReleaseCUDAProviderOptions, 208, void, OrtCUDAProviderOptionsV2* cuda) \
  F(KernelInfoGetConstantInput_tensor, 249, OrtStatus*, const OrtKernelInfo* info, size_t index, \
    int* constant, const OrtValue** value) \
  F(UpdateCUDAProviderOptionsWithValue, 263, OrtStatus*, OrtCUDAProviderOptionsV2* cuda, \
    const char* key, void* value) \
  F(ShapeInferContext_GetInputCount, 267, OrtStatus*, const OrtShapeInferContext* context, \
    size_t* count) \
  F(ShapeInferContext_GetInputTypeShape, 268, OrtStatus*, const OrtShapeInferContext* context, \
    size_t index, OrtTensorTypeAndShapeInfo** info) \
  F(ShapeInferContext_GetAttribute, 269, OrtStatus*, const OrtShapeInferContext* context, \
    const char* name, const OrtOpAttr** attribute) \
  F(ShapeInferContext_SetOutputTypeShape, 270, OrtStatus*, const OrtShapeInferContext* context, \
    size_t index, const OrtTensorTypeAndShapeInfo* info) \
  F(SetSymbolicDimensions, 271, OrtStatus*, OrtTensorTypeAndShapeInfo* info, const char** names, \
    size_t count) \
  F(ReadOpAttr, 272, OrtStatus*, const OrtOpAttr* attribute, int type, void* data, size_t bytes, \
    size_t* needed) \
  F(KernelContext_ParallelFor, 274, OrtStatus*, const OrtKernelContext* context, \
    void (*body)(void*, size_t), size_t total, size_t batches, void* data)
// clang-format on

// The functions by name.
struct Api {
#define CLIPA_ORT_MEMBER(name, place, result, ...) result (*name)(__VA_ARGS__);
  CLIPA_ORT_FUNCTIONS(CLIPA_ORT_MEMBER)
#undef CLIPA_ORT_MEMBER

  explicit Api(const OrtApi* table) {
#define CLIPA_ORT_LOOK_UP(name, place, ...) \
  name = reinterpret_cast<decltype(name)>(table->functions[place]);
    CLIPA_ORT_FUNCTIONS(CLIPA_ORT_LOOK_UP)
#undef CLIPA_ORT_LOOK_UP
  }
};

// Error codes of ONNX Runtime that are told apart.
enum ErrorCode {
  kFail = 1,
  kInvalidArgument = 2,
  kNoSuchFile = 3,
  kNoModel = 4,
  kInvalidProtobuf = 7,
  kNotImplemented = 9,
  kInvalidGraph = 10
};

// An object of ONNX Runtime that is released when it goes out of scope.
template <class T>
class Owned {
 public:
  explicit Owned(void (*release)(T*), T* object = nullptr) : release_(release), object_(object) {}
  ~Owned() { reset(); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Owned(Owned&& other) noexcept : release_(other.release_), object_(other.object_) {
    other.object_ = nullptr;
  }
  T* get() const { return object_; }
  T** out() {
    reset();
    return &object_;
  }
  void reset() {
    if (object_ != nullptr) release_(object_);
    object_ = nullptr;
  }

 private:
  void (*release_)(T*);
  T* object_;
};

}  // namespace ort
}  // namespace clipa
