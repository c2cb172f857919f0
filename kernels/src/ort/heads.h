// What attention asks of its dimensions.
#pragma once

#include "ort/op_schema.h"

namespace clipa {
namespace ort {

// Throws OpError unless the heads divide the width (letter W) and there are tokens (letter T).
inline void check_heads(const char* op, const Attributes& attributes, const Letters& letters) {
  constexpr int64_t kMostTokens = 4096;
  const int64_t heads = attributes.integer("heads");
  if (heads < 1) {
    throw OpError(std::string(op) + ": attribute heads is " + std::to_string(heads) +
                  "; allowed are whole numbers from 1");
  }
  const int64_t width = letters['W'], tokens = letters['T'];
  if (letters.known('W') && (width < 1 || width % heads != 0)) {
    throw OpError(std::string(op) + ": the width is " + std::to_string(width) +
                  "; allowed are multiples of the " + std::to_string(heads) + " heads");
  }
  if (letters.known('T') && (tokens < 1 || tokens > kMostTokens)) {
    throw OpError(std::string(op) + ": there are " + std::to_string(tokens) +
                  " tokens; allowed are 1 to " + std::to_string(kMostTokens));
  }
}

}  // namespace ort
}  // namespace clipa
