// Shapes of an op's tensors in letters: "B,T,3W" and what the letters stand for.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace clipa {
namespace ort {

// What is wrong with the tensors or attributes of a node; becomes a status of ONNX Runtime.
struct OpError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A shape as seen: -1 = not known yet, with a name where the graph has one.
struct Shape {
  std::vector<int64_t> dims;
  std::vector<std::string> symbols;  // empty, or one for each dimension
};

std::string text(const Shape& shape);

// The values of the letters of one node. A dimension is a sum of products: "B", "3W", "3PP", "K+c".
class Letters {
 public:
  static constexpr int64_t kUnknown = -1;

  int64_t operator[](char letter) const { return values_[index(letter)]; }
  bool known(char letter) const { return values_[index(letter)] != kUnknown; }
  void set(char letter, int64_t value) { values_[index(letter)] = value; }

  // Takes what a tensor's shape says of the letters. Throws OpError when it contradicts them.
  void match(const char* op, const char* tensor, const char* pattern, const Shape& shape);

  // The shape of a pattern; unknown dimensions are -1.
  Shape shape(const char* pattern) const;

 private:
  static size_t index(char letter) { return static_cast<unsigned char>(letter) & 127; }
  bool match_dim(const std::string& pattern, int64_t dim, const std::string& symbol);
  int64_t value(const std::string& pattern) const;

  int64_t values_[128] = {};
  std::string symbols_[128];

 public:
  Letters() {
    for (int64_t& value : values_) value = kUnknown;
  }
};

}  // namespace ort
}  // namespace clipa
