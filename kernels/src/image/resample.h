// Antialiased resize of 8-bit pictures, with Pillow's fixed-point arithmetic.
#pragma once

#include <cstdint>
#include <vector>

namespace clipa {

// A box in source pixels: left, top, right, bottom.
struct Box {
  float left, top, right, bottom;
};

// Resizes pictures; keeps its tables between calls, so use one a thread.
class Resampler {
 public:
  // src [height, width, channels] -> dst [out_height, out_width, channels].
  void resize(const uint8_t* src, int width, int height, int channels, const Box& box, uint8_t* dst,
              int out_width, int out_height, int32_t filter);

 private:
  // For every output position the first input position and the same number of weights, as 22-bit
  // fixed point. Short rows are filled up with zeros, which change no sum: loops of one fixed
  // length are several times faster than loops of three or four.
  struct Weights {
    int taps = 0;
    std::vector<int> first;
    std::vector<int32_t> weights;  // [out, taps]
  };

  void weigh(int in, float from, float to, int out, int32_t filter, Weights* weights);

  Weights across_;
  Weights down_;
  std::vector<double> exact_;  // [out, most taps]
  std::vector<int> count_;     // [out]
  std::vector<uint8_t> middle_;
};

}  // namespace clipa
