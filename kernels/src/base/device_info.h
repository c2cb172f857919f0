// What a build says of itself.
#pragma once

namespace clipa {

struct DeviceInfo {
  const char* device;
  const char* blas;
  int lanes;
  const char* bf16;  // what multiplies matrices of bfloat16
};

DeviceInfo device_info();

}  // namespace clipa
