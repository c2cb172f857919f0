// The pictures of a batch on the device.
#pragma once

#include <cstdint>

#include "clipa_image.h"
#include "cuda/queue.h"

namespace clipa {

// Where the parts of a batch lie; every picture has a slice of `stored` and one of `scratch`.
struct PictureBatch {
  const clipa_image_job* jobs;
  uint8_t* stored;
  uint64_t stored_stride;
  uint8_t* scratch;
  uint64_t scratch_stride;
  int size, filter;
  int taps;  // the most of any output pixel
  int rows;  // the most that a stored picture has
  uint8_t* out;
};

// Bytes of scratch that a picture needs.
uint64_t picture_scratch(uint64_t stored_bytes, int rows, int size, int taps);

// Queues the work: a block for each picture.
void prepare_pictures(const Queue& queue, const PictureBatch& batch, int count);

}  // namespace clipa
