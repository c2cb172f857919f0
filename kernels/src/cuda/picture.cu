// A training picture from its stored form to uint8 RGB: strokes, map, crop and resize, colours, as
// image/ does it on the CPU. A block makes a picture, one step after the other, in its own scratch.
#include "cuda/launch.h"
#include "cuda/picture.h"
#include "cuda/shared.h"
#include "image/colour_pixel.h"
#include "image/filter_weight.h"

namespace clipa {

namespace {

// Steps between two pixels, of maps and of strokes.
constexpr int kSteps = 256;

uint64_t aligned(uint64_t bytes) { return (bytes + 15) / 16 * 16; }

// A picture's scratch, by offsets.
struct Scratch {
  uint64_t other, middle, gray, first, count, weights, planes, end;
};

Scratch layout(uint64_t stored_bytes, int rows, int size, int taps) {
  const uint64_t side = size;
  Scratch s;
  s.other = 0;
  s.middle = aligned(stored_bytes);
  s.gray = s.middle + aligned(3 * side * rows);
  s.first = s.gray + aligned(side * side);
  s.count = s.first + aligned(2 * side * sizeof(int));
  s.weights = s.count + aligned(2 * side * sizeof(int));
  s.planes = s.weights + aligned(2 * side * taps * sizeof(int32_t));
  s.end = s.planes + aligned(3 * side * side * sizeof(float));
  return s;
}

__device__ inline int at_most(int value, int most) { return value < most ? value : most; }
__device__ inline int at_least(int value, int least) { return value > least ? value : least; }

// body(i) for every i below count, on the threads of the block; all have ended when it returns.
template <class Body>
__device__ inline void block_each(int count, Body body) {
  for (int i = threadIdx.x; i < count; i += blockDim.x) body(i);
  __syncthreads();
}

// Moves the edge of dark strokes: erosions of the brightness, or dilations, in `picture`.
__device__ inline void thicken(const clipa_image_job& job, uint8_t* picture, uint8_t* other) {
  const int width = job.width, height = job.height, channels = job.channels;
  const int stride = width * channels, bytes = stride * height;
  for (float left = fabsf(job.stroke); left > 0; left -= 1) {
    block_each(bytes, [&](int i) {
      const int y = i / stride, x = i % stride;
      const int before = x >= channels ? channels : 0;
      const int behind = x + channels < stride ? channels : 0;
      int darkest = 255, lightest = 0;
      for (int row = at_least(y - 1, 0); row <= at_most(y + 1, height - 1); ++row) {
        const uint8_t* p = picture + row * stride + x;
        const int a = p[-before], b = p[0], c = p[behind];
        darkest = at_most(at_most(darkest, a), at_most(b, c));
        lightest = at_least(at_least(lightest, a), at_least(b, c));
      }
      other[i] = static_cast<uint8_t>(job.stroke > 0 ? darkest : lightest);
    });
    const int part = static_cast<int>(lroundf((left < 1 ? left : 1.0f) * kSteps));
    block_each(bytes, [&](int i) {
      const int mixed = picture[i] * (kSteps - part) + other[i] * part;
      picture[i] = static_cast<uint8_t>((mixed + kSteps / 2) / kSteps);
    });
  }
}

__device__ inline int position(double at, double most) {
  const double steps = at * kSteps;
  return static_cast<int>((steps < 0 ? 0.0 : steps > most ? most : steps) + 0.5);
}

__device__ inline void warp(const clipa_image_job& job, const uint8_t* from, uint8_t* to) {
  const int width = job.width, height = job.height, channels = job.channels;
  const double middle_x = 0.5 * (width - 1), middle_y = 0.5 * (height - 1);
  block_each(width * height, [&](int i) {
    const double x = i % width - middle_x, y = i / width - middle_y;
    const float* map = job.warp;
    const int px = position(map[0] * x + map[1] * y + map[2] + middle_x, (width - 1) * kSteps);
    const int py = position(map[3] * x + map[4] * y + map[5] + middle_y, (height - 1) * kSteps);
    const int left = px / kSteps, top = py / kSteps, across = px % kSteps, down = py % kSteps;
    const int right = at_most(left + 1, width - 1), bottom = at_most(top + 1, height - 1);
    const uint8_t* upper = from + top * width * channels;
    const uint8_t* lower = from + bottom * width * channels;
    for (int c = 0; c < channels; ++c) {
      const int above =
          upper[left * channels + c] * (kSteps - across) + upper[right * channels + c] * across;
      const int below =
          lower[left * channels + c] * (kSteps - across) + lower[right * channels + c] * across;
      const int sum = above * (kSteps - down) + below * down;
      to[i * channels + c] = static_cast<uint8_t>((sum + kSteps * kSteps / 2) / (kSteps * kSteps));
    }
  });
}

// For the sides, across and down: first tap, number of taps and weights of every output pixel.
struct Tables {
  int *first, *count;
  int32_t* weights;
  int size, taps;
  __device__ const int32_t* row(int side, int i) const {
    return weights + (side * size + i) * taps;
  }
};

__device__ inline void fill_tables(const clipa_image_job& job, int filter, const Tables& t) {
  block_each(2 * t.size, [&](int i) {
    const int side = i / t.size;
    const FilterScale scale = filter_scale(side == 0 ? job.width : job.height, job.crop[side],
                                           job.crop[side] + job.crop[2 + side], t.size, filter);
    const Taps taps = taps_of(scale, i % t.size);
    double total = 0;
    for (int k = 0; k < taps.count; ++k) total += tap_weight(scale, taps, k);
    for (int k = 0; k < taps.count; ++k) {
      const double weight = tap_weight(scale, taps, k);
      t.weights[i * t.taps + k] = fixed_weight(total != 0 ? weight / total : weight);
    }
    t.first[i] = taps.first;
    t.count[i] = taps.count;
  });
}

// Across, into middle, the rows that are read later; then down, into to[size, size, channels].
__device__ inline void resize(const clipa_image_job& job, const Tables& t, const uint8_t* from,
                              uint8_t* middle, uint8_t* to) {
  const int size = t.size, channels = job.channels;
  const int line = size * channels, stride = job.width * channels;
  const int *first = t.first + size, *count = t.count + size;
  // The taps of later rows begin and end later.
  const int top = first[0], rows = first[size - 1] + count[size - 1] - top;
  block_each(rows * line, [&](int i) {
    const int x = i % line / channels, c = i % channels;
    const uint8_t* pixels = from + (top + i / line) * stride + t.first[x] * channels + c;
    const int32_t* weights = t.row(0, x);
    int32_t sum = kWeightHalf;
    for (int k = 0; k < t.count[x]; ++k) sum += pixels[k * channels] * weights[k];
    middle[i] = clip_sum(sum);
  });
  block_each(size * line, [&](int i) {
    const int y = i / line;
    const uint8_t* pixels = middle + (first[y] - top) * line + i % line;
    const int32_t* weights = t.row(1, y);
    int32_t sum = kWeightHalf;
    for (int k = 0; k < count[y]; ++k) sum += pixels[k * line] * weights[k];
    to[i] = clip_sum(sum);
  });
}

// One channel of brightness as a mix of ink and paper.
__device__ inline void ink_on_paper(const clipa_image_job& job, const uint8_t* gray, int pixels,
                                    uint8_t* rgb) {
  const bool inked = (job.flags & CLIPA_IMAGE_INK) != 0;
  block_each(3 * pixels, [&](int i) {
    const int c = i % 3;
    const float ink = inked ? job.ink[c] : 0.0f, paper = inked ? job.paper[c] : 255.0f;
    const float value = gray[i / 3];
    rgb[i] = static_cast<uint8_t>(fmaf(value, (paper - ink) / 255.0f, ink) + 0.5f);
  });
}

__device__ inline void flip_lines(int size, uint8_t* rgb) {
  const int half = size / 2;
  block_each(size * half * 3, [&](int i) {
    const int c = i % 3, x = i / 3 % half, y = i / 3 / half;
    uint8_t* line = rgb + y * size * 3;
    const uint8_t left = line[3 * x + c];
    line[3 * x + c] = line[3 * (size - 1 - x) + c];
    line[3 * (size - 1 - x) + c] = left;
  });
}

// The mean of values, the same for all threads; its order is that of the threads.
__device__ inline float block_mean(const float* values, int count, Shared<float> sums) {
  float sum = 0;
  for (int i = threadIdx.x; i < count; i += blockDim.x) sum += values[i];
  __syncthreads();  // an earlier mean may still be read
  sums[threadIdx.x] = sum;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) sums[threadIdx.x] += sums[threadIdx.x + half];
  }
  __syncthreads();
  return sums[0] / static_cast<float>(count);
}

__device__ inline void jitter(const clipa_image_job& job, int pixels, float* planes,
                              Shared<float> sums, uint8_t* rgb) {
  block_each(3 * pixels, [&](int i) { planes[i % 3 * pixels + i / 3] = rgb[i] * (1 / 255.0f); });
  float *red = planes, *green = planes + pixels, *blue = planes + 2 * pixels;
  for (int step = 0; step < 4; ++step) {
    const int change = job.order >> (8 * step) & 3;
    if (change == 0) {
      block_each(3 * pixels, [&](int i) { planes[i] = clamp01(planes[i] * job.jitter[0]); });
    } else if (change == 1) {
      for (int c = 0; c < 3; ++c) {
        float* plane = planes + c * pixels;
        const float mean = block_mean(plane, pixels, sums);
        block_each(pixels,
                   [&](int i) { plane[i] = clamp01(fmaf(plane[i] - mean, job.jitter[1], mean)); });
      }
    } else if (change == 2) {
      block_each(pixels, [&](int i) { saturate_pixel(job.jitter[2], red[i], green[i], blue[i]); });
    } else {
      block_each(pixels, [&](int i) { turn_pixel(job.jitter[3], red[i], green[i], blue[i]); });
    }
  }
  block_each(3 * pixels, [&](int i) {
    rgb[i] = static_cast<uint8_t>(fmaf(planes[i % 3 * pixels + i / 3], 255.0f, 0.5f));
  });
}

__device__ inline void gray_out(int pixels, uint8_t* rgb) {
  block_each(pixels, [&](int i) {
    uint8_t* p = rgb + 3 * i;
    // ITU-R 601 luma.
    const float luma = 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
    p[0] = p[1] = p[2] = static_cast<uint8_t>(luma + 0.5f);
  });
}

__global__ void picture_kernel(PictureBatch b, Scratch s) {
  const clipa_image_job& job = b.jobs[blockIdx.x];
  uint8_t* stored = b.stored + blockIdx.x * b.stored_stride;
  uint8_t* scratch = b.scratch + blockIdx.x * b.scratch_stride;
  const int pixels = b.size * b.size;
  uint8_t* rgb = b.out + int64_t{blockIdx.x} * pixels * 3;
  SharedMemory memory;
  Shared<float> sums = memory.take(kThreads);

  uint8_t* source = stored;
  if ((job.flags & CLIPA_IMAGE_STROKE) != 0) thicken(job, source, scratch + s.other);
  if ((job.flags & CLIPA_IMAGE_WARP) != 0) {
    warp(job, source, scratch + s.other);
    source = scratch + s.other;
  }
  const Tables tables{reinterpret_cast<int*>(scratch + s.first),
                      reinterpret_cast<int*>(scratch + s.count),
                      reinterpret_cast<int32_t*>(scratch + s.weights), b.size, b.taps};
  fill_tables(job, b.filter, tables);
  uint8_t* gray = scratch + s.gray;
  resize(job, tables, source, scratch + s.middle, job.channels == 1 ? gray : rgb);
  if (job.channels == 1) ink_on_paper(job, gray, pixels, rgb);
  if ((job.flags & CLIPA_IMAGE_FLIP) != 0) flip_lines(b.size, rgb);
  if ((job.flags & CLIPA_IMAGE_JITTER) != 0) {
    jitter(job, pixels, reinterpret_cast<float*>(scratch + s.planes), sums, rgb);
  }
  if ((job.flags & CLIPA_IMAGE_GRAY) != 0) gray_out(pixels, rgb);
}

}  // namespace

uint64_t picture_scratch(uint64_t stored_bytes, int rows, int size, int taps) {
  return layout(stored_bytes, rows, size, taps).end;
}

void prepare_pictures(const Queue& queue, const PictureBatch& batch, int count) {
  const Scratch scratch = layout(batch.stored_stride, batch.rows, batch.size, batch.taps);
  launch(queue, picture_kernel, dim3(static_cast<unsigned>(count)), kThreads,
         shared_bytes(kThreads), batch, scratch);
}

}  // namespace clipa
