#include "search/codes.h"

#include <algorithm>
#include <cmath>

namespace clipa {

namespace {

constexpr int kRowCode = 127;
constexpr int kQueryCode = 8127;  // 63 * 128 + 63
constexpr int kHalf = 128;
constexpr double kAbove = 1 + 1e-6;  // more than the rounding of the few operations it covers

// Rounding of scores of rows no longer than 1 + 1e-6, as a share of the query's length: at most
// four roundings to float32 in the scan, two in adding the slack and one in the exact score, each
// below 2^-24 = 6e-8.
constexpr double kRounding = 2e-6;

double length(const double sum_of_squares) { return std::sqrt(sum_of_squares); }

float largest(const float* values, int64_t count) {
  float most = 0;
  for (int64_t i = 0; i < count; ++i) most = std::max(most, std::fabs(values[i]));
  return most;
}

float rounded_up(double value) {
  return std::nextafter(static_cast<float>(value * kAbove), INFINITY);
}

}  // namespace

bool normalize_row(float* row, int64_t width) {
  double squares = 0;
  for (int64_t i = 0; i < width; ++i) squares += static_cast<double>(row[i]) * row[i];
  // Squares of float32 cannot overflow float64, so this sees NaN and infinity only.
  if (!(squares < INFINITY)) return false;
  if (squares == 0) return true;
  const double norm = length(squares);
  for (int64_t i = 0; i < width; ++i) row[i] = static_cast<float>(row[i] / norm);
  return true;
}

void encode_row(const float* row, int64_t width, int64_t lane, uint8_t* block, float* scale,
                float* error) {
  *scale = largest(row, width) / kRowCode;
  double squares = 0;
  for (int64_t i = 0; i < width; ++i) {
    int code = 0;
    if (*scale > 0) {
      const long nearest = std::lrint(static_cast<double>(row[i]) / *scale);
      code = static_cast<int>(std::clamp<long>(nearest, -kRowCode, kRowCode));
    }
    const double rest = row[i] - static_cast<double>(*scale) * code;
    squares += rest * rest;
    block[(i / kGroup) * kBlock * kGroup + lane * kGroup + i % kGroup] =
        static_cast<uint8_t>(code + kHalf);
  }
  *error = squares == 0 ? 0 : rounded_up(length(squares));
}

QueryCodes::QueryCodes(const float* query, int64_t width) {
  const int64_t padded = code_groups(width) * kGroup;
  high.assign(padded, 0);
  low.assign(padded, 0);
  whole.assign(padded, 0);
  scale = largest(query, width) / kQueryCode;
  double squares = 0, rest_squares = 0;
  for (int64_t i = 0; i < width; ++i) {
    int code = 0;
    if (scale > 0) {
      const long nearest = std::lrint(static_cast<double>(query[i]) / scale);
      code = static_cast<int>(std::clamp<long>(nearest, -kQueryCode, kQueryCode));
    }
    const int upper = (code + kHalf / 2 + kHalf * kHalf) / kHalf - kHalf;  // rounds down
    whole[i] = code;
    high[i] = static_cast<int8_t>(upper);
    low[i] = static_cast<int8_t>(code - kHalf * upper);
    offset += static_cast<uint32_t>(code) * kHalf;
    const double rest = query[i] - static_cast<double>(scale) * code;
    squares += static_cast<double>(query[i]) * query[i];
    rest_squares += rest * rest;
  }
  // x.q - (s c).(t d) = (x - s c).q + (s c).(q - t d); |s c| <= |x| + |x - s c|.
  const double all = length(squares), rest = length(rest_squares);
  slack_per_error = rounded_up(all + rest);
  slack = rounded_up(rest * kAbove + kRounding * all);
}

}  // namespace clipa
