// The bytes of a fuzzer's input, taken one field after the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t bytes) : at_(data), left_(bytes) {}

  // The next value; zeros stand behind the end.
  template <class T>
  T take() {
    T value{};
    const size_t some = std::min(left_, sizeof(T));
    if (some > 0) std::memcpy(&value, at_, some);
    skip(some);
    return value;
  }
  // A small number from one byte.
  uint32_t below(uint32_t limit) { return take<uint8_t>() % limit; }

  size_t left() const { return left_; }

  // What is left, over and over, until `bytes` are full.
  std::vector<uint8_t> fill(size_t bytes) const {
    std::vector<uint8_t> out(bytes);
    for (size_t at = 0; at < bytes && left_ > 0; at += left_) {
      std::memcpy(out.data() + at, at_, std::min(left_, bytes - at));
    }
    return out;
  }

 private:
  void skip(size_t bytes) {
    at_ += bytes;
    left_ -= bytes;
  }
  const uint8_t* at_;
  size_t left_;
};

// Ends the process, which the fuzzer reports with its input.
inline void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace fuzz
