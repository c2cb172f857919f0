// What all entry points promise, and the context that the fuzzers of one process share.
#pragma once

#include "clipa.h"
#include "input.h"

namespace fuzz {

inline uint64_t context() {
  static const uint64_t made = [] {
    clipa_context_params params{};
    params.size = sizeof params;
    params.threads = 1;
    uint64_t id = 0;
    demand(clipa_context_create(&params, &id) == CLIPA_OK, "a context can be made");
    return id;
  }();
  return made;
}

// A status that the header knows; a failure says something.
inline bool succeeded(int32_t status) {
  demand(status >= CLIPA_OK && status < CLIPA_INTERNAL, "the status is one of a refusal");
  if (status == CLIPA_OK) return true;
  char text[512] = {};
  demand(clipa_error_message(0, text, sizeof text) == CLIPA_OK, "the message can be read");
  demand(std::strlen(text) > 8, "the message says something");
  return false;
}

// A buffer of the shared context with these bytes.
inline uint64_t buffer(const std::vector<uint8_t>& bytes) {
  uint64_t id = 0;
  demand(clipa_buffer_create(context(), bytes.size(), &id) == CLIPA_OK, "a buffer can be made");
  demand(clipa_buffer_write(id, 0, bytes.data(), bytes.size()) == CLIPA_OK, "it can be written");
  return id;
}

inline std::vector<uint8_t> contents(uint64_t buffer, size_t bytes) {
  std::vector<uint8_t> out(bytes);
  demand(clipa_buffer_read(buffer, 0, out.data(), bytes) == CLIPA_OK, "a buffer can be read");
  return out;
}

// A map of host memory with these bytes.
inline uint64_t scratch_map(const std::vector<uint8_t>& bytes) {
  uint64_t id = 0;
  demand(clipa_map_scratch(bytes.size(), &id) == CLIPA_OK, "a map can be made");
  demand(clipa_map_write(id, 0, bytes.data(), bytes.size()) == CLIPA_OK, "it can be written");
  return id;
}

}  // namespace fuzz
