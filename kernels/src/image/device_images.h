// Pictures of a batch prepared on the device, where the host does not share its memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/program.h"
#include "clipa_image.h"
#include "image/map.h"

namespace clipa {

// Only in builds where DeviceMemory::kOnHost is false. Reads the stored pictures on the host and
// does all that the jobs say on the device, into `out`, uint8 [jobs, size, size, 3]. Waits until it
// is done; programs may run meanwhile. Empty, or what is wrong with a job or its file.
std::string device_images(const Map& map, const std::vector<clipa_image_job>& jobs, uint32_t size,
                          int32_t filter, Buffer& out);

}  // namespace clipa
