#include "image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "image/filter_weight.h"

namespace clipa {

namespace {

struct Line {
  const int* first;
  const int32_t* weights;
  int taps;
};

// One line of `out` pixels across. Taps is 0 when their number is known only at run time.
template <int Channels, int Taps>
void line_across(const uint8_t* src, const Line& line, int out, uint8_t* dst) {
  const int taps = Taps == 0 ? line.taps : Taps;
  for (int x = 0; x < out; ++x) {
    const int32_t* weights = line.weights + static_cast<size_t>(x) * taps;
    const uint8_t* pixels = src + static_cast<size_t>(line.first[x]) * Channels;
    int32_t sums[Channels];
    for (int c = 0; c < Channels; ++c) sums[c] = kWeightHalf;
    for (int k = 0; k < taps; ++k) {
      for (int c = 0; c < Channels; ++c) sums[c] += pixels[Channels * k + c] * weights[k];
    }
    for (int c = 0; c < Channels; ++c) dst[Channels * x + c] = clip_sum(sums[c]);
  }
}

// One line of `stride` bytes from lines below each other: whole lines at a time, which the compiler
// vectorises.
template <int Taps>
void line_down(const uint8_t* lines, size_t stride, const int32_t* weights, int taps,
               uint8_t* dst) {
  if (Taps != 0) taps = Taps;
  for (size_t x = 0; x < stride; ++x) {
    int32_t sum = kWeightHalf;
    for (int k = 0; k < taps; ++k) sum += lines[k * stride + x] * weights[k];
    dst[x] = clip_sum(sum);
  }
}

using AcrossFn = void (*)(const uint8_t*, const Line&, int, uint8_t*);
using DownFn = void (*)(const uint8_t*, size_t, const int32_t*, int, uint8_t*);

constexpr int kFixedTaps = 8;
constexpr AcrossFn kAcross1[] = {line_across<1, 0>, line_across<1, 1>, line_across<1, 2>,
                                 line_across<1, 3>, line_across<1, 4>, line_across<1, 5>,
                                 line_across<1, 6>, line_across<1, 7>, line_across<1, 8>};
constexpr AcrossFn kAcross3[] = {line_across<3, 0>, line_across<3, 1>, line_across<3, 2>,
                                 line_across<3, 3>, line_across<3, 4>, line_across<3, 5>,
                                 line_across<3, 6>, line_across<3, 7>, line_across<3, 8>};
constexpr DownFn kDown[] = {line_down<0>, line_down<1>, line_down<2>, line_down<3>, line_down<4>,
                            line_down<5>, line_down<6>, line_down<7>, line_down<8>};

}  // namespace

void Resampler::weigh(int in, float from, float to, int out, int32_t filter, Weights* weights) {
  const FilterScale scale = filter_scale(in, from, to, out, filter);
  const int most = most_taps(scale);
  weights->first.resize(out);
  count_.resize(out);
  exact_.resize(static_cast<size_t>(out) * most);
  int taps = 1;
  for (int i = 0; i < out; ++i) {
    const Taps found = taps_of(scale, i);
    double* exact = exact_.data() + static_cast<size_t>(i) * most;
    double total = 0;
    for (int k = 0; k < found.count; ++k) {
      exact[k] = tap_weight(scale, found, k);
      total += exact[k];
    }
    if (total != 0) {
      for (int k = 0; k < found.count; ++k) exact[k] /= total;
    }
    weights->first[i] = found.first;
    count_[i] = found.count;
    taps = std::max(taps, found.count);
  }
  weights->taps = taps;
  weights->weights.assign(static_cast<size_t>(out) * taps, 0);
  for (int i = 0; i < out; ++i) {
    // The zeros must not reach behind the picture.
    const int shift = std::max(0, weights->first[i] + taps - in);
    weights->first[i] -= shift;
    const double* exact = exact_.data() + static_cast<size_t>(i) * most;
    int32_t* fixed = weights->weights.data() + static_cast<size_t>(i) * taps + shift;
    for (int k = 0; k < count_[i]; ++k) fixed[k] = fixed_weight(exact[k]);
  }
}

void Resampler::resize(const uint8_t* src, int width, int height, int channels, const Box& box,
                       uint8_t* dst, int out_width, int out_height, int32_t filter) {
  const bool whole_rows = box.left == 0 && box.right == width && out_width == width;
  const bool whole_columns = box.top == 0 && box.bottom == height && out_height == height;
  const size_t stride = static_cast<size_t>(out_width) * channels;
  int first_row = 0;
  int last_row = height;
  if (!whole_columns) {
    weigh(height, box.top, box.bottom, out_height, filter, &down_);
    const auto ends = std::minmax_element(down_.first.begin(), down_.first.end());
    first_row = *ends.first;
    last_row = *ends.second + down_.taps;
  }

  // Across: only the rows that the second pass reads.
  const uint8_t* rows = src + static_cast<size_t>(first_row) * stride;
  if (!whole_rows) {
    weigh(width, box.left, box.right, out_width, filter, &across_);
    const Line line{across_.first.data(), across_.weights.data(), across_.taps};
    const int fixed = across_.taps <= kFixedTaps ? across_.taps : 0;
    const AcrossFn across = channels == 1 ? kAcross1[fixed] : kAcross3[fixed];
    uint8_t* out = dst;
    if (!whole_columns) {
      middle_.resize(static_cast<size_t>(last_row - first_row) * stride);
      out = middle_.data();
    }
    const size_t in_stride = static_cast<size_t>(width) * channels;
    for (int y = first_row; y < last_row; ++y) {
      across(src + y * in_stride, line, out_width, out + (y - first_row) * stride);
    }
    rows = out;
  }
  if (whole_columns) {
    if (rows != dst) std::memcpy(dst, rows, static_cast<size_t>(out_height) * stride);
    return;
  }
  const DownFn down = kDown[down_.taps <= kFixedTaps ? down_.taps : 0];
  for (int y = 0; y < out_height; ++y) {
    const int32_t* weights = down_.weights.data() + static_cast<size_t>(y) * down_.taps;
    down(rows + static_cast<size_t>(down_.first[y] - first_row) * stride, stride, weights,
         down_.taps, dst + y * stride);
  }
}

}  // namespace clipa
