// The CPU build prepares pictures where they are.
#include "image/device_images.h"

namespace clipa {

std::string device_images(const Map&, const std::vector<clipa_image_job>&, uint32_t, int32_t,
                          Buffer&) {
  return "this build has no other device";
}

}  // namespace clipa
