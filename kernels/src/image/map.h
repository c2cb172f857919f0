// A mapping of a file or of scratch memory, behind the handles of clipa_map_open.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace clipa {

// `data` is for whoever scans a whole file. A page beyond the end of a file that has become shorter
// ends the process with SIGBUS, so small pieces are read through read(), which costs a microsecond,
// says so instead, and leaves the pages in the system's cache rather than in this process.
class Map {
 public:
  // Opens and maps; null and a message when that cannot be done.
  static std::shared_ptr<Map> open(const std::string& path, std::string* message);
  // Memory of this process instead of a file; see clipa_map_scratch.
  static std::shared_ptr<Map> scratch(uint64_t bytes, std::string* message);
  ~Map();

  const uint8_t* data = nullptr;
  uint64_t bytes = 0;  // the length of the file when it was opened

  // Copies a range. Null, or what is wrong with the file.
  const char* read(uint64_t offset, uint64_t count, void* out) const;

  // Copies into a range of scratch memory. Null, or what is wrong.
  const char* write(uint64_t offset, uint64_t count, const void* from) const;

  // Null, or that the file is shorter than when it was opened: to be asked before a scan.
  const char* check() const;

 private:
  int file_ = -1;
  bool scratch_ = false;
};

// Null when the handle is stale.
std::shared_ptr<Map> find_map(uint64_t handle);

}  // namespace clipa
