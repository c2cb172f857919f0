// Colour changes of one pixel, 0 to 1 in each channel: the same on every device.
#pragma once

#include <math.h>

#include "image/filter_weight.h"

namespace clipa {

// A NaN becomes 0.
CLIPA_PIXEL float clamp01(float x) {
  x = x > 0 ? x : 0;
  return x < 1 ? x : 1;
}

CLIPA_PIXEL float larger_of(float a, float b) { return a > b ? a : b; }
CLIPA_PIXEL float smaller_of(float a, float b) { return a < b ? a : b; }

// Saturation of HSV; the value, the largest channel, and the hue stay.
CLIPA_PIXEL void saturate_pixel(float factor, float& red, float& green, float& blue) {
  const float r = red, g = green, b = blue;
  const float value = larger_of(larger_of(r, g), b);
  const float chroma = value - smaller_of(smaller_of(r, g), b);
  // The saturation, chroma / value, may grow to 1; a gray pixel has none to change.
  const float scale = chroma * factor > value ? value / larger_of(chroma, 1e-20f) : factor;
  red = clamp01(value - (value - r) * scale);
  green = clamp01(value - (value - g) * scale);
  blue = clamp01(value - (value - b) * scale);
}

// Red, green and blue are the same wave over the hue, in sixths of a turn, a third of a turn apart.
CLIPA_PIXEL float hue_wave(float value, float chroma, float hue) {
  const float k = hue - 6 * floorf(hue * (1 / 6.0f));
  return clamp01(value - chroma * larger_of(0, smaller_of(smaller_of(k, 4 - k), 1)));
}

CLIPA_PIXEL void turn_pixel(float turns, float& red, float& green, float& blue) {
  const float r = red, g = green, b = blue;
  const float value = larger_of(larger_of(r, g), b);
  const float chroma = value - smaller_of(smaller_of(r, g), b);
  const float unit = 1 / larger_of(chroma, 1e-20f);
  const float from_blue = 4 + (r - g) * unit;
  const float from_green = 2 + (b - r) * unit;
  const float from_red = (g - b) * unit;
  const float hue = (value == r ? from_red : value == g ? from_green : from_blue) + 6 * turns;
  red = hue_wave(value, chroma, hue + 5);
  green = hue_wave(value, chroma, hue + 3);
  blue = hue_wave(value, chroma, hue + 1);
}

}  // namespace clipa
