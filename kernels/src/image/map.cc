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

std::shared_ptr<Map> Map::scratch(uint64_t bytes, std::string* message) {
  auto made = std::make_shared<Map>();
  made->file_ = memfd_create("clipa-pictures", MFD_CLOEXEC);
  if (made->file_ < 0 || ftruncate(made->file_, static_cast<off_t>(bytes)) != 0) {
    *message = "cannot get " + std::to_string(bytes) + " bytes of memory: " + std::strerror(errno);
    return nullptr;
  }
  void* data = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, made->file_, 0);
  if (data == MAP_FAILED) {
    *message = "cannot map " + std::to_string(bytes) + " bytes of memory: " + std::strerror(errno);
    return nullptr;
  }
  made->data = static_cast<const uint8_t*>(data);
  made->bytes = bytes;
  made->scratch_ = true;
  return made;
}

const char* Map::write(uint64_t offset, uint64_t count, const void* from) const {
  if (!scratch_) return "the map is one of a file, which is read-only";
  if (offset > bytes || count > bytes - offset) return "the range lies outside the memory";
  const char* data = static_cast<const char*>(from);
  while (count > 0) {
    const ssize_t put = pwrite(file_, data, count, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return "no memory is left; end other programs";
    data += put;
    offset += static_cast<uint64_t>(put);
    count -= static_cast<uint64_t>(put);
  }
  return nullptr;
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
