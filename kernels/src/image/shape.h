// Changes of the shapes in a training picture: thicker or thinner strokes, affine maps.
#pragma once

#include <cstdint>
#include <vector>

namespace clipa {

// Largest change of a stroke's edge, in pixels of the stored picture.
constexpr float kMostStroke = 4;

// Scratch of the functions below; keep one a thread.
struct ShapeScratch {
  std::vector<uint8_t> lines;
  std::vector<uint8_t> other;
};

// Moves the edge of dark strokes outwards by `stroke` pixels, inwards if it is negative: 3 x 3
// erosions of the brightness (dilations of the ink), the last one mixed in by the fraction. In
// place on [height, width, channels].
void thicken(float stroke, int width, int height, int channels, uint8_t* picture,
             ShapeScratch* scratch);

// dst(x, y) = src(m0 x + m1 y + m2, m3 x + m4 y + m5), both about the centre of the picture, in
// pixels; bilinear in steps of 1/256 pixel, edges go on outwards. Both [height, width, channels].
void warp(const uint8_t* src, const float map[6], int width, int height, int channels,
          uint8_t* dst);

}  // namespace clipa
