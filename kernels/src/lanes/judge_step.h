// Whether a step may change the weights: one rule for the CPU and the CUDA build.
#pragma once

#include "clipa.h"
#include "lanes/lanes.h"

namespace clipa {

// Writes gradient_norm, clip_factor and skip. loss: null where the step has none.
CLIPA_ROW void judge_step(float* step, float norm, const float* loss) {
  const float limit = step[CLIPA_STEP_CLIP_NORM];
  const float clip = limit > 0 && norm > limit ? limit / norm : 1.0f;
  // Not finite means an infinite or undefined gradient; and AdamW squares what clipping leaves of
  // it, which must not overflow: an infinite second moment would never come down again.
  const float clipped = norm * clip;
  const bool usable = isfinite(norm) && isfinite(clipped * clipped);
  const float most = step[CLIPA_STEP_NORM_LIMIT], loss_most = step[CLIPA_STEP_LOSS_LIMIT];
  int skip = CLIPA_SKIP_NO;
  if (!usable) {
    skip = CLIPA_SKIP_GRADIENT;
  } else if (loss != nullptr && !isfinite(*loss)) {
    skip = CLIPA_SKIP_LOSS;
  } else if (loss != nullptr && loss_most > 0 && *loss > loss_most) {
    skip = CLIPA_SKIP_LOSS_LIMIT;
  } else if (most > 0 && norm > most) {
    skip = CLIPA_SKIP_NORM_LIMIT;
  }
  step[CLIPA_STEP_GRADIENT_NORM] = norm;
  step[CLIPA_STEP_SKIP] = static_cast<float>(skip);
  step[CLIPA_STEP_CLIP_FACTOR] = usable ? clip : 1.0f;
}

}  // namespace clipa
