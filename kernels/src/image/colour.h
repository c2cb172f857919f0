// Colour changes of training pictures, on uint8 RGB.
#pragma once

#include <cstdint>

#include "clipa_image.h"

namespace clipa {

// One channel of luminance -> RGB: paper where it is 255, ink where it is 0.
void ink_on_paper(const uint8_t* luminance, int64_t pixels, const float ink[3],
                  const float paper[3], uint8_t* rgb);

// Brightness, contrast, saturation and hue in the job's order, then gray, as its flags say. Values
// are clipped after each change (SimCLR's colour distortion, as CLIPA's JAX code applies it).
void distort_colours(const clipa_image_job& job, int64_t pixels, uint8_t* rgb, float* scratch);

// Mirrors every line of a [size, size, 3] picture.
void flip_lines(int64_t size, uint8_t* rgb);

}  // namespace clipa
