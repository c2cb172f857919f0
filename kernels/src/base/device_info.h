// What a build says of itself.
#pragma once

namespace clipa {

struct DeviceInfo {
  const char* device;
  const char* blas;
  int lanes;
};

DeviceInfo device_info();

}  // namespace clipa
