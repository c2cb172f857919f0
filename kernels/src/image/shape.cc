#include "image/shape.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace clipa {

namespace {

struct Darker {
  uint8_t operator()(uint8_t a, uint8_t b) const { return a < b ? a : b; }
};
struct Lighter {
  uint8_t operator()(uint8_t a, uint8_t b) const { return a > b ? a : b; }
};

// The extreme of each pixel and its eight neighbours; edges repeat. `lines` holds the first pass.
template <class Pick>
void extreme3(const uint8_t* src, int width, int height, int channels, uint8_t* lines,
              uint8_t* dst) {
  const Pick pick;
  const int stride = width * channels;
  for (int y = 0; y < height; ++y) {
    const uint8_t* from = src + static_cast<size_t>(y) * stride;
    uint8_t* to = lines + static_cast<size_t>(y) * stride;
    for (int x = 0; x < stride; ++x) {
      const uint8_t left = x >= channels ? from[x - channels] : from[x];
      const uint8_t right = x + channels < stride ? from[x + channels] : from[x];
      to[x] = pick(pick(left, from[x]), right);
    }
  }
  for (int y = 0; y < height; ++y) {
    const uint8_t* middle = lines + static_cast<size_t>(y) * stride;
    const uint8_t* above = y > 0 ? middle - stride : middle;
    const uint8_t* below = y + 1 < height ? middle + stride : middle;
    uint8_t* to = dst + static_cast<size_t>(y) * stride;
    for (int x = 0; x < stride; ++x) to[x] = pick(pick(above[x], middle[x]), below[x]);
  }
}

// Eight bits before the pixel's own eight: 256 steps between two pixels.
constexpr int kSteps = 256;

}  // namespace

void thicken(float stroke, int width, int height, int channels, uint8_t* picture,
             ShapeScratch* scratch) {
  const size_t bytes = static_cast<size_t>(width) * height * channels;
  scratch->lines.resize(bytes);
  scratch->other.resize(bytes);
  uint8_t* other = scratch->other.data();
  for (float left = std::fabs(stroke); left > 0; left -= 1) {
    if (stroke > 0) {
      extreme3<Darker>(picture, width, height, channels, scratch->lines.data(), other);
    } else {
      extreme3<Lighter>(picture, width, height, channels, scratch->lines.data(), other);
    }
    const int part = static_cast<int>(std::lround(std::min(left, 1.0f) * kSteps));
    for (size_t i = 0; i < bytes; ++i) {
      const int mixed = picture[i] * (kSteps - part) + other[i] * part;
      picture[i] = static_cast<uint8_t>((mixed + kSteps / 2) / kSteps);
    }
  }
}

void warp(const uint8_t* src, const float map[6], int width, int height, int channels,
          uint8_t* dst) {
  const double middle_x = 0.5 * (width - 1);
  const double middle_y = 0.5 * (height - 1);
  const int most_x = (width - 1) * kSteps;
  const int most_y = (height - 1) * kSteps;
  const auto position = [](double at, double most) {
    return static_cast<int>(std::clamp(at * kSteps, 0.0, most) + 0.5);
  };
  for (int y = 0; y < height; ++y) {
    const double from_y = y - middle_y;
    for (int x = 0; x < width; ++x) {
      const double from_x = x - middle_x;
      const int px = position(map[0] * from_x + map[1] * from_y + map[2] + middle_x, most_x);
      const int py = position(map[3] * from_x + map[4] * from_y + map[5] + middle_y, most_y);
      const int left = px / kSteps, top = py / kSteps;
      const int right = std::min(left + 1, width - 1), bottom = std::min(top + 1, height - 1);
      const int across = px % kSteps, down = py % kSteps;
      const uint8_t* upper = src + static_cast<size_t>(top) * width * channels;
      const uint8_t* lower = src + static_cast<size_t>(bottom) * width * channels;
      for (int c = 0; c < channels; ++c) {
        const int above =
            upper[left * channels + c] * (kSteps - across) + upper[right * channels + c] * across;
        const int below =
            lower[left * channels + c] * (kSteps - across) + lower[right * channels + c] * across;
        const int sum = above * (kSteps - down) + below * down;
        *dst++ = static_cast<uint8_t>((sum + kSteps * kSteps / 2) / (kSteps * kSteps));
      }
    }
  }
}

}  // namespace clipa
