// A read-only mapping of a file, behind the handles of clipa_map_open.
#pragma once

#include <cstdint>
#include <memory>

namespace clipa {

struct Map {
  const uint8_t* data = nullptr;
  uint64_t bytes = 0;
  ~Map();
};

// Null when the handle is stale.
std::shared_ptr<Map> find_map(uint64_t handle);

}  // namespace clipa
