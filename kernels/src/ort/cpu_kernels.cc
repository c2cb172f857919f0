// The table of CPU kernels.
#include "ort/op_schemas.h"

namespace clipa {
namespace ort {

const OpKernel kCpuKernels[] = {
    {&kPatchEmbed, nullptr, patch_embed},
    {&kShortAttention, nullptr, short_attention},
    {&kPoolProjectNormalize, nullptr, pool_project_normalize},
    {&kResidualBlock, nullptr, residual_block},
    {&kTokenReduce, nullptr, token_reduce},
    {nullptr, nullptr, nullptr},
};

}  // namespace ort
}  // namespace clipa
