#include "ort/shapes.h"

#include <cctype>

namespace clipa {
namespace ort {

namespace {

struct Term {
  int64_t factor = 1;
  std::string letters;
};

std::vector<std::string> split(const std::string& list, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::vector<Term> terms(const std::string& pattern) {
  std::vector<Term> result;
  for (const std::string& part : split(pattern, '+')) {
    Term term;
    size_t i = 0;
    while (i < part.size() && std::isdigit(static_cast<unsigned char>(part[i]))) ++i;
    if (i > 0) term.factor = std::stoll(part.substr(0, i));
    term.letters = part.substr(i);
    result.push_back(term);
  }
  return result;
}

}  // namespace

std::string text(const Shape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.dims.size(); ++i) {
    if (i > 0) out += ",";
    const bool named = i < shape.symbols.size() && !shape.symbols[i].empty();
    out += shape.dims[i] >= 0 ? std::to_string(shape.dims[i]) : named ? shape.symbols[i] : "?";
  }
  return out + "]";
}

int64_t Letters::value(const std::string& pattern) const {
  int64_t sum = 0;
  for (const Term& term : terms(pattern)) {
    int64_t product = term.factor;
    for (const char letter : term.letters) {
      if (!known(letter)) return kUnknown;
      product *= (*this)[letter];
    }
    sum += product;
  }
  return sum;
}

// False when the dimension contradicts the letters.
bool Letters::match_dim(const std::string& pattern, int64_t dim, const std::string& symbol) {
  if (dim < 0) {
    if (pattern.size() == 1 && !symbol.empty()) symbols_[index(pattern[0])] = symbol;
    return true;
  }
  const int64_t have = value(pattern);
  if (have != kUnknown) return have == dim;
  const std::vector<Term> parts = terms(pattern);
  if (parts.size() != 1) return true;
  int64_t divisor = parts[0].factor;
  char unknown = 0;
  for (const char letter : parts[0].letters) {
    if (known(letter)) {
      divisor *= (*this)[letter];
    } else if (unknown == 0) {
      unknown = letter;
    } else {
      return true;
    }
  }
  if (divisor == 0 || dim % divisor != 0) return false;
  set(unknown, dim / divisor);
  return true;
}

void Letters::match(const char* op, const char* tensor, const char* pattern, const Shape& shape) {
  const std::vector<std::string> parts = split(pattern, ',');
  bool fits = parts.size() == shape.dims.size();
  static const std::string kNone;
  for (size_t i = 0; fits && i < parts.size(); ++i) {
    fits = match_dim(parts[i], shape.dims[i], shape.symbols.empty() ? kNone : shape.symbols[i]);
  }
  if (fits) return;
  std::string letters;
  for (const char* c = pattern; *c != '\0'; ++c) {
    if (!std::isalpha(static_cast<unsigned char>(*c)) || !known(*c)) continue;
    const std::string item = std::string(1, *c) + " = " + std::to_string((*this)[*c]);
    if (letters.find(item) == std::string::npos) letters += (letters.empty() ? "" : ", ") + item;
  }
  throw OpError(std::string(op) + ": " + tensor + " has shape " + text(shape) + "; allowed is [" +
                pattern + "]" + (letters.empty() ? "" : " with " + letters));
}

Shape Letters::shape(const char* pattern) const {
  Shape result;
  for (const std::string& part : split(pattern, ',')) {
    result.dims.push_back(value(part));
    result.symbols.push_back(part.size() == 1 ? symbols_[index(part[0])] : "");
  }
  return result;
}

}  // namespace ort
}  // namespace clipa
