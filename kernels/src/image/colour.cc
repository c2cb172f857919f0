#include "image/colour.h"

#include <algorithm>

#include "image/colour_pixel.h"

namespace clipa {

namespace {

// The colours of a picture, one plane after the other, 0 to 1: loops over planes vectorise.
struct Planes {
  float* __restrict red;
  float* __restrict green;
  float* __restrict blue;
  int64_t pixels;
};

void brighten(float factor, int64_t count, float* values) {
  for (int64_t i = 0; i < count; ++i) values[i] = clamp01(values[i] * factor);
}

float mean_of(const float* values, int64_t count) {
  // Sixteen sums side by side, added in a fixed order: compilers do not split a float sum.
  constexpr int kLanes = 16;
  float sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) sums[lane] += values[i + lane];
  }
  float total = 0;
  for (; i < count; ++i) total += values[i];
  for (float sum : sums) total += sum;
  return total / static_cast<float>(count);
}

// About the mean of the channel.
void contrast(float factor, int64_t count, float* values) {
  const float mean = mean_of(values, count);
  for (int64_t i = 0; i < count; ++i) values[i] = clamp01((values[i] - mean) * factor + mean);
}

void saturate(float factor, const Planes& p) {
  for (int64_t i = 0; i < p.pixels; ++i) {
    float r = p.red[i], g = p.green[i], b = p.blue[i];
    saturate_pixel(factor, r, g, b);
    p.red[i] = r;
    p.green[i] = g;
    p.blue[i] = b;
  }
}

void turn_hue(float turns, const Planes& p) {
  for (int64_t i = 0; i < p.pixels; ++i) {
    float r = p.red[i], g = p.green[i], b = p.blue[i];
    turn_pixel(turns, r, g, b);
    p.red[i] = r;
    p.green[i] = g;
    p.blue[i] = b;
  }
}

void jitter(const clipa_image_job& job, const Planes& p) {
  float* const planes[3] = {p.red, p.green, p.blue};
  for (int step = 0; step < 4; ++step) {
    switch ((job.order >> (8 * step)) & 3) {
      case 0:
        for (float* plane : planes) brighten(job.jitter[0], p.pixels, plane);
        break;
      case 1:
        for (float* plane : planes) contrast(job.jitter[1], p.pixels, plane);
        break;
      case 2:
        saturate(job.jitter[2], p);
        break;
      default:
        turn_hue(job.jitter[3], p);
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
    const Planes p{scratch, scratch + pixels, scratch + 2 * pixels, pixels};
    for (int64_t i = 0; i < pixels; ++i) {
      p.red[i] = rgb[3 * i] * (1 / 255.0f);
      p.green[i] = rgb[3 * i + 1] * (1 / 255.0f);
      p.blue[i] = rgb[3 * i + 2] * (1 / 255.0f);
    }
    jitter(job, p);
    for (int64_t i = 0; i < pixels; ++i) {
      rgb[3 * i] = static_cast<uint8_t>(p.red[i] * 255.0f + 0.5f);
      rgb[3 * i + 1] = static_cast<uint8_t>(p.green[i] * 255.0f + 0.5f);
      rgb[3 * i + 2] = static_cast<uint8_t>(p.blue[i] * 255.0f + 0.5f);
    }
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
