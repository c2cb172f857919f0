// All ops of the CPU build, found by kind.
#include "base/op.h"

namespace clipa {

const OpSpec* find_op(uint32_t kind) {
  static const OpSpec* const kFamilies[] = {
      kElementwiseOps, kLinearOps,      kNormOps,      kAttentionOps, kTokenOps, kPoolOps,
      kContrastiveOps, kSigmoidLossOps, kOptimizerOps, kDistOps,      kSideOps};
  for (const OpSpec* family : kFamilies) {
    for (const OpSpec* spec = family; spec->kind != 0; ++spec) {
      if (spec->kind == kind) return spec;
    }
  }
  return nullptr;
}

}  // namespace clipa
