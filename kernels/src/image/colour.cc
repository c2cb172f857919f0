#include "image/colour.h"

#include <algorithm>
#include <cmath>

namespace clipa {

namespace {

float clamp01(float x) { return std::min(1.0f, std::max(0.0f, x)); }

uint8_t to_byte(float x) { return static_cast<uint8_t>(clamp01(x) * 255.0f + 0.5f); }

void brighten(float factor, int64_t pixels, float* rgb) {
  for (int64_t i = 0; i < 3 * pixels; ++i) rgb[i] = clamp01(rgb[i] * factor);
}

// About the mean of each channel.
void contrast(float factor, int64_t pixels, float* rgb) {
  for (int c = 0; c < 3; ++c) {
    double total = 0;
    for (int64_t i = 0; i < pixels; ++i) total += rgb[3 * i + c];
    const float mean = static_cast<float>(total / static_cast<double>(pixels));
    for (int64_t i = 0; i < pixels; ++i) {
      rgb[3 * i + c] = clamp01((rgb[3 * i + c] - mean) * factor + mean);
    }
  }
}

// Saturation and hue of HSV; the value, the largest channel, stays.
void saturate(float factor, int64_t pixels, float* rgb) {
  for (int64_t i = 0; i < pixels; ++i) {
    float* p = rgb + 3 * i;
    const float value = std::max({p[0], p[1], p[2]});
    const float low = std::min({p[0], p[1], p[2]});
    if (value <= low) continue;
    // The saturation (value - low) / value may grow to 1.
    const float limit = std::min(factor, value / (value - low));
    for (int c = 0; c < 3; ++c) p[c] = value - (value - p[c]) * limit;
  }
}

void turn_hue(float turns, int64_t pixels, float* rgb) {
  for (int64_t i = 0; i < pixels; ++i) {
    float* p = rgb + 3 * i;
    const float value = std::max({p[0], p[1], p[2]});
    const float chroma = value - std::min({p[0], p[1], p[2]});
    if (chroma <= 0) continue;
    float hue = value == p[0]   ? (p[1] - p[2]) / chroma
                : value == p[1] ? 2 + (p[2] - p[0]) / chroma
                                : 4 + (p[0] - p[1]) / chroma;
    hue += 6 * turns;
    for (int c = 0; c < 3; ++c) {
      // Red, green and blue are the same wave, a third of a turn apart.
      float k = std::fmod(hue + (c == 0 ? 5.0f : c == 1 ? 3.0f : 1.0f), 6.0f);
      if (k < 0) k += 6;
      p[c] = value - chroma * std::max(0.0f, std::min({k, 4 - k, 1.0f}));
    }
  }
}

}  // namespace

void ink_on_paper(const uint8_t* luminance, int64_t pixels, const float ink[3],
                  const float paper[3], uint8_t* rgb) {
  float slope[3];
  for (int c = 0; c < 3; ++c) slope[c] = (paper[c] - ink[c]) / 255.0f;
  for (int64_t i = 0; i < pixels; ++i) {
    const float v = luminance[i];
    for (int c = 0; c < 3; ++c) rgb[3 * i + c] = static_cast<uint8_t>(ink[c] + v * slope[c] + 0.5f);
  }
}

void distort_colours(const clipa_image_job& job, int64_t pixels, uint8_t* rgb, float* scratch) {
  if ((job.flags & CLIPA_IMAGE_JITTER) != 0) {
    for (int64_t i = 0; i < 3 * pixels; ++i) scratch[i] = rgb[i] / 255.0f;
    for (int step = 0; step < 4; ++step) {
      switch ((job.order >> (8 * step)) & 3) {
        case 0:
          brighten(job.jitter[0], pixels, scratch);
          break;
        case 1:
          contrast(job.jitter[1], pixels, scratch);
          break;
        case 2:
          saturate(job.jitter[2], pixels, scratch);
          break;
        default:
          turn_hue(job.jitter[3], pixels, scratch);
      }
    }
    for (int64_t i = 0; i < 3 * pixels; ++i) rgb[i] = to_byte(scratch[i]);
  }
  if ((job.flags & CLIPA_IMAGE_GRAY) != 0) {
    for (int64_t i = 0; i < pixels; ++i) {
      uint8_t* p = rgb + 3 * i;
      // ITU-R 601 luma.
      const float luma = 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
      p[0] = p[1] = p[2] = static_cast<uint8_t>(luma + 0.5f);
    }
  }
}

void flip_lines(int64_t size, uint8_t* rgb) {
  for (int64_t y = 0; y < size; ++y) {
    uint8_t* line = rgb + y * size * 3;
    for (int64_t x = 0; x < size / 2; ++x) {
      for (int c = 0; c < 3; ++c) std::swap(line[3 * x + c], line[3 * (size - 1 - x) + c]);
    }
  }
}

}  // namespace clipa
