// Products as cuBLASLt's documentation describes them: columns first, D = op(A) op(B) + beta C,
// then the epilogue.
#include <cublasLt.h>

#include <cstdlib>
#include <vector>

struct EmulatedLt {};
struct EmulatedPreference {};
struct EmulatedProduct {
  int32_t trans_a = CUBLAS_OP_N, trans_b = CUBLAS_OP_N;
  int32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const float* bias = nullptr;
  float* aux = nullptr;
  int64_t aux_ld = 0;
};
struct EmulatedLayout {
  cudaDataType_t type;
  int64_t rows, columns, ld;
};

namespace {

template <class T>
cublasStatus_t drop(T* object) {
  delete object;
  return CUBLAS_STATUS_SUCCESS;
}

double value(const void* data, const EmulatedLayout& layout, int64_t row, int64_t column) {
  const int64_t at = column * layout.ld + row;
  if (layout.type == CUDA_R_32F) return static_cast<const float*>(data)[at];
  const uint32_t bits = static_cast<uint32_t>(static_cast<const uint16_t*>(data)[at]) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}

// op(x) as rows of doubles.
std::vector<double> unpack(const void* data, const EmulatedLayout& layout, bool turn, int64_t rows,
                           int64_t columns) {
  std::vector<double> out(rows * columns);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      out[r * columns + c] = turn ? value(data, layout, c, r) : value(data, layout, r, c);
    }
  }
  return out;
}

double gelu(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

double gelu_slope(double x) {
  const double t = std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
  const double du = std::sqrt(2 / M_PI) * (1 + 3 * 0.044715 * x * x);
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du;
}

bool fits(const EmulatedProduct& p, const EmulatedLayout& a, const EmulatedLayout& b,
          const EmulatedLayout& d) {
  const int64_t m = p.trans_a ? a.columns : a.rows, k = p.trans_a ? a.rows : a.columns;
  const int64_t n = p.trans_b ? b.rows : b.columns, other = p.trans_b ? b.columns : b.rows;
  return m == d.rows && n == d.columns && k == other && a.ld >= a.rows && b.ld >= b.rows &&
         d.ld >= d.rows && a.type == b.type && d.type == CUDA_R_32F;
}

}  // namespace

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = new EmulatedLt();
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) { return drop(handle); }

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* product, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  if (compute != CUBLAS_COMPUTE_32F || scale != CUDA_R_32F) return CUBLAS_STATUS_INVALID_VALUE;
  *product = new EmulatedProduct();
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t product) { return drop(product); }

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t product,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* from, size_t bytes) {
  const auto set = [&](auto& to) {
    if (bytes != sizeof to) return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(&to, from, bytes);
    return CUBLAS_STATUS_SUCCESS;
  };
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return set(product->trans_a);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return set(product->trans_b);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return set(product->epilogue);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return set(product->bias);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER:
      return set(product->aux);
    default:
      return set(product->aux_ld);
  }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type,
                                          uint64_t rows, uint64_t columns, int64_t ld) {
  *layout = new EmulatedLayout{type, static_cast<int64_t>(rows), static_cast<int64_t>(columns), ld};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) { return drop(layout); }

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new EmulatedPreference();
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return drop(preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void*, size_t bytes) {
  const bool wide = attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
  return bytes == (wide ? 8 : 4) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t product,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t, int,
                                              cublasLtMatmulHeuristicResult_t* results,
                                              int* found) {
  *found = 0;
  if (!fits(*product, *a, *b, *d)) return CUBLAS_STATUS_INVALID_VALUE;
  const bool simple = product->epilogue == CUBLASLT_EPILOGUE_DEFAULT;
  if (!simple && std::getenv("CLIPA_EMULATED_EPILOGUES") != nullptr) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  *found = 1;
  results[0] = {};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t product, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t, void* d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t*, void* workspace, size_t,
                              cudaStream_t stream) {
  if (!fits(*product, *a_layout, *b_layout, *d_layout) || workspace == nullptr) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const EmulatedProduct p = *product;
  const EmulatedLayout la = *a_layout, lb = *b_layout, ld = *d_layout;
  const float scale = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  const cudaError_t error = emulation::enqueue(stream, [=] {
    const int64_t m = ld.rows, n = ld.columns, k = p.trans_a ? la.rows : la.columns;
    const std::vector<double> left = unpack(a, la, p.trans_a, m, k);
    const std::vector<double> right = unpack(b, lb, !p.trans_b, n, k);  // transposed
    float* out = static_cast<float*>(d);
    for (int64_t column = 0; column < n; ++column) {
      for (int64_t row = 0; row < m; ++row) {
        double sum = 0;
        for (int64_t i = 0; i < k; ++i) sum += left[row * k + i] * right[column * k + i];
        sum *= scale;
        const int64_t at = column * ld.ld + row;
        if (keep != 0) sum += keep * static_cast<const float*>(c)[at];
        if (p.epilogue == CUBLASLT_EPILOGUE_BIAS) sum += p.bias[row];
        if (p.epilogue == CUBLASLT_EPILOGUE_GELU_AUX_BIAS) {
          sum += p.bias[row];
          p.aux[column * p.aux_ld + row] = static_cast<float>(sum);
          sum = gelu(sum);
        }
        if (p.epilogue == CUBLASLT_EPILOGUE_DGELU)
          sum *= gelu_slope(p.aux[column * p.aux_ld + row]);
        out[at] = static_cast<float>(sum);
      }
    }
    return cudaSuccess;
  });
  return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}
