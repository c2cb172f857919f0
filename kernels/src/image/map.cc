#include "image/map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace clipa {

namespace {
constexpr const char* kShorter =
    "the file has become shorter since it was opened; make it again and start anew";
}  // namespace

std::shared_ptr<Map> Map::open(const std::string& path, std::string* message) {
  auto made = std::make_shared<Map>();
  made->file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (made->file_ < 0) {
    *message = "cannot open " + path + ": " + std::strerror(errno);
    return nullptr;
  }
  struct stat info {};
  if (fstat(made->file_, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0) {
    *message = "cannot map " + path + ": not a file with content";
    return nullptr;
  }
  const auto bytes = static_cast<uint64_t>(info.st_size);
  void* data = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, made->file_, 0);
  if (data == MAP_FAILED) {
    *message = "cannot map " + path + ": " + std::strerror(errno);
    return nullptr;
  }
  made->data = static_cast<const uint8_t*>(data);
  made->bytes = bytes;
  return made;
}

Map::~Map() {
  if (data != nullptr) munmap(const_cast<uint8_t*>(data), bytes);
  if (file_ >= 0) close(file_);
}

const char* Map::read(uint64_t offset, uint64_t count, void* out) const {
  if (offset > bytes || count > bytes - offset) return "the range lies outside the mapped file";
  char* to = static_cast<char*>(out);
  while (count > 0) {
    const ssize_t got = pread(file_, to, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return "the file cannot be read; check the disk";
    if (got == 0) return kShorter;
    to += got;
    offset += static_cast<uint64_t>(got);
    count -= static_cast<uint64_t>(got);
  }
  return nullptr;
}

const char* Map::check() const {
  struct stat info {};
  if (fstat(file_, &info) != 0) return "the file cannot be read; check the disk";
  return static_cast<uint64_t>(info.st_size) < bytes ? kShorter : nullptr;
}

}  // namespace clipa
