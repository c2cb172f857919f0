// What a picture of a batch may be.
#pragma once

#include <cstdint>

#include "clipa_image.h"
#include "image/map.h"

namespace clipa {

constexpr uint32_t kMaxSide = 1 << 16;

// Null, or what is wrong with a resize.
const char* check_picture(uint64_t width, uint64_t height, uint32_t channels, const float box[4],
                          int32_t filter);

// Null, or what is wrong with a job.
const char* check_job(const clipa_image_job& job, const Map& map, int32_t filter);

inline uint64_t picture_bytes(const clipa_image_job& job) {
  return uint64_t{job.width} * job.height * job.channels;
}

}  // namespace clipa
