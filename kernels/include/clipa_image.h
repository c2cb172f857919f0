/* Pictures of a batch, from a mapped record file to uint8 pixels: crop, exact resize, colours.
 *
 * All functions may be called from any thread, also while a program runs.
 */
#ifndef CLIPA_IMAGE_H
#define CLIPA_IMAGE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Filters of the resize, antialiased. */
enum clipa_filter { CLIPA_FILTER_BILINEAR = 0, CLIPA_FILTER_BICUBIC = 1 };

/* What happens to a picture. Strokes and the map change the stored picture, before it is cropped;
 * the rest follows in the order of the list. */
enum clipa_image_flag {
  CLIPA_IMAGE_FLIP = 1,    /* mirrored left to right */
  CLIPA_IMAGE_INK = 2,     /* one-channel pictures: luminance becomes a mix of ink and paper */
  CLIPA_IMAGE_JITTER = 4,  /* brightness, contrast, saturation, hue, in `order` */
  CLIPA_IMAGE_GRAY = 8,    /* all channels become the luminance */
  CLIPA_IMAGE_STROKE = 16, /* dark strokes become thicker or thinner */
  CLIPA_IMAGE_WARP = 32    /* an affine map, after the strokes */
};

/* One picture of a batch. 112 bytes. */
typedef struct clipa_image_job {
  uint64_t offset;   /* first byte in the mapped file */
  uint32_t width;    /* pixels */
  uint32_t height;   /* pixels */
  uint32_t channels; /* 1 or 3 */
  uint32_t flags;
  float crop[4];   /* left, top, width, height in source pixels, inside the picture */
  float ink[3];    /* 0..255; where the luminance is 0 */
  float paper[3];  /* 0..255; where the luminance is 255 */
  float jitter[4]; /* brightness, contrast and saturation factors, hue shift in turns */
  uint32_t order;  /* four bytes: which jitter comes first (0..3, each once) */
  float stroke;    /* pixels by which the edge of dark strokes moves outwards; -4 to 4 */
  float
      warp[6]; /* (x, y) shows (w0 x + w1 y + w2, w3 x + w4 y + w5), about the centre, in pixels */
} clipa_image_job;

/* A read-only mapping of a file. What becomes shorter while it is open is an error of the calls
 * that read pictures, never a crash. */
int32_t clipa_map_open(const char* path, uint64_t* map, uint64_t* bytes);
int32_t clipa_map_close(uint64_t map);

/* Host memory behind the same handles, for pictures that come from no file: zeroed, written by
 * clipa_map_write, and read by the calls that take a map. Memory is used up for the pages that were
 * written. Nobody may write what a running call reads. */
int32_t clipa_map_scratch(uint64_t bytes, uint64_t* map);
int32_t clipa_map_write(uint64_t map, uint64_t offset, const uint8_t* data, uint64_t bytes);

/* Resizes the box (left, top, width, height) of a picture: the arithmetic of Pillow's Image.resize
 * for 8-bit channels, bit for bit, rows first (Pillow 13 starts with the columns of tall pictures).
 * src is [height, width, channels], dst [out_height, out_width, channels]. */
int32_t clipa_resize_u8(const uint8_t* src, uint64_t src_bytes, uint32_t width, uint32_t height,
                        uint32_t channels, const float* box, uint8_t* dst, uint64_t dst_bytes,
                        uint32_t out_width, uint32_t out_height, int32_t filter);

/* Prepares `count` pictures from jobs in the buffer `jobs` (clipa_image_job each) into the buffer
 * `out`, uint8 [count, out_size, out_size, 3]. Handles only, so it may run as a nonblocking call;
 * the context of `out` keeps the message of a failure. */
int32_t clipa_image_batch(uint64_t map, uint64_t jobs, uint64_t count, uint64_t out,
                          uint32_t out_size, int32_t filter);

#ifdef __cplusplus
}
#endif

#endif
