#include "cuda/products.h"

#include <string>

#include "base/guard.h"

namespace clipa {

namespace {

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw StatusError(status == CUBLAS_STATUS_ALLOC_FAILED ? CLIPA_OUT_OF_MEMORY : CLIPA_INTERNAL,
                    std::string("cuBLASLt: ") + what + " failed with status " +
                        std::to_string(static_cast<int>(status)));
}

// Up to 256 bytes, the most that cuBLASLt asks about.
uint32_t alignment_of(const void* pointer) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(pointer) | 256;
  return static_cast<uint32_t>(address & -address);
}

cublasLtEpilogue_t epilogue_of(Product::After after) {
  switch (after) {
    case Product::After::kBias:
      return CUBLASLT_EPILOGUE_BIAS;
    case Product::After::kBiasGelu:
      return CUBLASLT_EPILOGUE_GELU_AUX_BIAS;
    case Product::After::kGeluGradient:
      return CUBLASLT_EPILOGUE_DGELU;
    default:
      return CUBLASLT_EPILOGUE_DEFAULT;
  }
}

}  // namespace

// cuBLASLt counts columns first: a row-major matrix is the transpose of what it sees, and
// d^T = op(b)^T op(a)^T, so b stands first.
struct Products::Plan {
  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, d = nullptr;
  cublasLtMatmulAlgo_t algorithm = {};
  bool exists = false;

  ~Plan() {
    if (a != nullptr) cublasLtMatrixLayoutDestroy(a);
    if (b != nullptr) cublasLtMatrixLayoutDestroy(b);
    if (d != nullptr) cublasLtMatrixLayoutDestroy(d);
    if (product != nullptr) cublasLtMatmulDescDestroy(product);
  }

  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, T value) {
    check(cublasLtMatmulDescSetAttribute(product, attribute, &value, sizeof value), "a setting");
  }
};

Products::Products() { check(cublasLtCreate(&handle_), "start"); }

Products::~Products() {
  plans_.clear();
  if (handle_ != nullptr) cublasLtDestroy(handle_);
}

const Products::Plan& Products::plan(const Product& p, const void* a, const void* b, bool bf16) {
  const uint32_t aligned_a = alignment_of(a), aligned_b = alignment_of(b);
  const uint32_t aligned_c = alignment_of(p.c != nullptr ? p.c : p.d);
  const uint32_t aligned_d = alignment_of(p.d);
  const Key key{p.m,          p.n,  p.k,       p.trans_a, p.trans_b, p.beta != 0,
                int(p.after), bf16, aligned_a, aligned_b, aligned_c, aligned_d};
  std::unique_ptr<Plan>& kept = plans_[key];
  if (kept) return *kept;
  auto made = std::make_unique<Plan>();
  Plan& plan = *made;
  const cudaDataType_t type = bf16 ? CUDA_R_16BF : CUDA_R_32F;
  // Plain float32: the tensor cores' 19-bit format is never used.
  check(cublasLtMatmulDescCreate(&plan.product, CUBLAS_COMPUTE_32F, CUDA_R_32F), "a description");
  plan.set(CUBLASLT_MATMUL_DESC_TRANSA, p.trans_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  plan.set(CUBLASLT_MATMUL_DESC_TRANSB, p.trans_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  plan.set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(p.after));
  if (p.bias != nullptr) plan.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
  if (p.aux != nullptr) {
    plan.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, p.aux);
    plan.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, p.n);
  }
  const auto layout = [&](cublasLtMatrixLayout_t* out, cudaDataType_t of, int64_t rows,
                          int64_t columns) {
    check(cublasLtMatrixLayoutCreate(out, of, rows, columns, rows), "a layout");
  };
  layout(&plan.a, type, p.trans_b ? p.k : p.n, p.trans_b ? p.n : p.k);
  layout(&plan.b, type, p.trans_a ? p.m : p.k, p.trans_a ? p.k : p.m);
  layout(&plan.d, CUDA_R_32F, p.n, p.m);

  cublasLtMatmulPreference_t preference = nullptr;
  check(cublasLtMatmulPreferenceCreate(&preference), "a preference");
  const std::unique_ptr<std::remove_pointer_t<cublasLtMatmulPreference_t>,
                        cublasStatus_t (*)(cublasLtMatmulPreference_t)>
      owned(preference, cublasLtMatmulPreferenceDestroy);
  const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
    check(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value),
          "a preference");
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kWorkspace);
  prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
         static_cast<uint32_t>(CUBLASLT_REDUCTION_SCHEME_NONE));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, aligned_b);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, aligned_a);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, aligned_c);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, aligned_d);
  cublasLtMatmulHeuristicResult_t found = {};
  int count = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle_, plan.product, plan.a, plan.b, plan.d, plan.d, preference, 1, &found, &count);
  if (status != CUBLAS_STATUS_NOT_SUPPORTED) check(status, "the choice of an algorithm");
  plan.exists = status == CUBLAS_STATUS_SUCCESS && count > 0 && found.state == status;
  plan.algorithm = found.algo;
  kept = std::move(made);
  return *kept;
}

bool Products::multiply(Queue& queue, const Product& p) {
  const void *a = p.a, *b = p.b;
  if (queue.bf16) {
    const bool first = queue.used() == 0;
    void* rounded_a = queue.take<uint16_t>(p.m * p.k);
    void* rounded_b = queue.take<uint16_t>(p.k * p.n);
    const bool there = first && queue.left.from == p.a && queue.left.count == p.m * p.k;
    if (!there) round_to_bf16(queue, p.m * p.k, p.a, rounded_a);
    round_to_bf16(queue, p.k * p.n, p.b, rounded_b);
    if (first) queue.leaves = {p.a, p.m * p.k};
    // While planning the workspace has no place yet; its pieces are always aligned like this.
    a = queue.planning ? nullptr : rounded_a;
    b = queue.planning ? nullptr : rounded_b;
  }
  const Plan& found = plan(p, a, b, queue.bf16);
  if (!found.exists) {
    if (p.after != Product::After::kNothing) return false;
    throw StatusError(CLIPA_UNSUPPORTED, "cuBLASLt has no algorithm for a product of " +
                                             std::to_string(p.m) + " x " + std::to_string(p.n) +
                                             " x " + std::to_string(p.k));
  }
  if (queue.planning) return true;
  Plan& plan = const_cast<Plan&>(found);
  if (p.bias != nullptr) plan.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
  if (p.aux != nullptr) plan.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, p.aux);
  const float one = 1;
  check(cublasLtMatmul(handle_, plan.product, &one, b, plan.a, a, plan.b, &p.beta,
                       p.c != nullptr ? p.c : p.d, plan.d, p.d, plan.d, &plan.algorithm,
                       queue.products_workspace, kWorkspace, queue.stream),
        "a product");
  return true;
}

}  // namespace clipa
