#include "image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "clipa_image.h"

namespace clipa {

namespace {

// Weights have 22 bits after the point: 32 less 8 for the pixel, less 2 for overshoot and sign.
constexpr int kBits = 32 - 8 - 2;

double triangle(double x) {
  x = std::fabs(x);
  return x < 1 ? 1 - x : 0;
}

// Keys' cubic with a = -0.5.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

uint8_t clip(int32_t sum) {
  const int32_t value = sum >> kBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

}  // namespace

void Resampler::weigh(int in, float from, float to, int out, int32_t filter, Weights* weights) {
  const bool bicubic = filter == CLIPA_FILTER_BICUBIC;
  const double scale = static_cast<double>(to - from) / out;
  // Shrinking widens the filter: that is the antialiasing.
  const double stretch = std::max(scale, 1.0);
  const double support = (bicubic ? 2.0 : 1.0) * stretch;
  weights->taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  weights->first.resize(out);
  weights->count.resize(out);
  weights->weights.assign(static_cast<size_t>(out) * weights->taps, 0);
  row_.resize(weights->taps);
  const double inverse = 1.0 / stretch;
  for (int i = 0; i < out; ++i) {
    const double centre = from + (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int count = std::min(in, static_cast<int>(centre + support + 0.5)) - first;
    double total = 0;
    for (int k = 0; k < count; ++k) {
      const double x = (k + first - centre + 0.5) * inverse;
      row_[k] = bicubic ? cubic(x) : triangle(x);
      total += row_[k];
    }
    int32_t* fixed = weights->weights.data() + static_cast<size_t>(i) * weights->taps;
    for (int k = 0; k < count; ++k) {
      const double weight = (total != 0 ? row_[k] * (1.0 / total) : row_[k]) * (1 << kBits);
      fixed[k] = static_cast<int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    weights->first[i] = first;
    weights->count[i] = count;
  }
}

void Resampler::resize(const uint8_t* src, int width, int height, int channels, const Box& box,
                       uint8_t* dst, int out_width, int out_height, int32_t filter) {
  const bool whole_rows = box.left == 0 && box.right == width && out_width == width;
  const bool whole_columns = box.top == 0 && box.bottom == height && out_height == height;
  weigh(height, box.top, box.bottom, out_height, filter, &down_);

  // Across: only the rows that the second pass reads.
  const uint8_t* rows = src;
  int first_row = 0;
  const int stride = out_width * channels;
  if (!whole_rows) {
    weigh(width, box.left, box.right, out_width, filter, &across_);
    int last_row = height;
    if (!whole_columns) {
      first_row = down_.first[0];
      last_row = down_.first[out_height - 1] + down_.count[out_height - 1];
    }
    middle_.resize(static_cast<size_t>(last_row - first_row) * stride);
    for (int y = first_row; y < last_row; ++y) {
      const uint8_t* line = src + static_cast<size_t>(y) * width * channels;
      uint8_t* out = middle_.data() + static_cast<size_t>(y - first_row) * stride;
      for (int x = 0; x < out_width; ++x) {
        const int32_t* weights = across_.weights.data() + static_cast<size_t>(x) * across_.taps;
        const uint8_t* pixels = line + across_.first[x] * channels;
        const int count = across_.count[x];
        if (channels == 1) {
          int32_t sum = 1 << (kBits - 1);
          for (int k = 0; k < count; ++k) sum += pixels[k] * weights[k];
          out[x] = clip(sum);
        } else {
          int32_t red = 1 << (kBits - 1), green = red, blue = red;
          for (int k = 0; k < count; ++k) {
            red += pixels[3 * k] * weights[k];
            green += pixels[3 * k + 1] * weights[k];
            blue += pixels[3 * k + 2] * weights[k];
          }
          out[3 * x] = clip(red);
          out[3 * x + 1] = clip(green);
          out[3 * x + 2] = clip(blue);
        }
      }
    }
    rows = middle_.data();
  }

  if (whole_columns) {
    std::memcpy(dst, rows, static_cast<size_t>(out_height) * stride);
    return;
  }
  // Down: whole lines at a time, which the compiler vectorises.
  sums_.resize(stride);
  for (int y = 0; y < out_height; ++y) {
    const int32_t* weights = down_.weights.data() + static_cast<size_t>(y) * down_.taps;
    std::fill(sums_.begin(), sums_.end(), 1 << (kBits - 1));
    for (int k = 0; k < down_.count[y]; ++k) {
      const uint8_t* line = rows + static_cast<size_t>(down_.first[y] + k - first_row) * stride;
      const int32_t weight = weights[k];
      int32_t* sums = sums_.data();
      for (int x = 0; x < stride; ++x) sums[x] += line[x] * weight;
    }
    uint8_t* out = dst + static_cast<size_t>(y) * stride;
    for (int x = 0; x < stride; ++x) out[x] = clip(sums_[x]);
  }
}

}  // namespace clipa
