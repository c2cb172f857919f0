#include "image/image_job.h"

#include <algorithm>
#include <cmath>

#include "image/shape.h"

namespace clipa {

namespace {

bool shapes_valid(const clipa_image_job& job) {
  if ((job.flags & CLIPA_IMAGE_STROKE) != 0 && !(std::fabs(job.stroke) <= kMostStroke)) {
    return false;
  }
  if ((job.flags & CLIPA_IMAGE_WARP) == 0) return true;
  return std::all_of(job.warp, job.warp + 6, [](float x) { return std::isfinite(x); });
}

bool colours_valid(const clipa_image_job& job) {
  for (int c = 0; c < 3; ++c) {
    if (!(job.ink[c] >= 0 && job.ink[c] <= 255)) return false;
    if (!(job.paper[c] >= 0 && job.paper[c] <= 255)) return false;
  }
  return true;
}

}  // namespace

const char* check_picture(uint64_t width, uint64_t height, uint32_t channels, const float box[4],
                          int32_t filter) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    return "sides must be 1 to 65536 pixels";
  }
  if (channels != 1 && channels != 3) return "channels must be 1 or 3";
  if (filter != CLIPA_FILTER_BILINEAR && filter != CLIPA_FILTER_BICUBIC) return "unknown filter";
  // Written so that a NaN fails.
  const bool inside = box[0] >= 0 && box[1] >= 0 && box[2] > 0 && box[3] > 0 &&
                      box[0] + box[2] <= static_cast<float>(width) &&
                      box[1] + box[3] <= static_cast<float>(height);
  return inside ? nullptr : "the crop lies outside the picture";
}

const char* check_job(const clipa_image_job& job, const Map& map, int32_t filter) {
  const char* problem = check_picture(job.width, job.height, job.channels, job.crop, filter);
  if (problem != nullptr) return problem;
  const uint64_t bytes = picture_bytes(job);
  if (job.offset > map.bytes || bytes > map.bytes - job.offset) {
    return "the picture lies outside the mapped file";
  }
  if (!shapes_valid(job)) return "strokes change by -4 to 4 pixels, and maps are finite";
  const bool inked = job.channels == 1 && (job.flags & CLIPA_IMAGE_INK) != 0;
  return inked && !colours_valid(job) ? "ink and paper must lie in 0..255" : nullptr;
}

}  // namespace clipa
