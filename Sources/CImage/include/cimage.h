// The C seam between Swift and the picture libraries (libjpeg-turbo, libpng, libwebp), and the kernels that resize.
//
// Every function that can fail returns a status, and the reader keeps the message that belongs to it. No exception
// and no jump leaves this target. A reader belongs to one thread at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ------------------------------------------------------------------------------ pictures

typedef enum { CI_JPEG = 0, CI_PNG = 1, CI_WEBP = 2 } ci_format;

typedef enum {
  CI_OK = 0,
  CI_TRUNCATED = 1,      // the file ends too early
  CI_DAMAGED = 2,        // its bytes contradict the format
  CI_UNSUPPORTED = 3,    // a kind that this reader does not take
  CI_OUT_OF_MEMORY = 4
} ci_status;

typedef struct ci_reader_s *ci_reader;

// A reader with buffers of its own, or null where there is no memory for one.
ci_reader ci_reader_new(void);
void ci_reader_free(ci_reader reader);
// What the last status other than CI_OK was about; valid until the next call.
const char *ci_reader_message(ci_reader reader);

typedef struct {
  int64_t width;
  int64_t height;
  bool is_sixteen_bit_grey;  // a PNG of grey numbers of 16 bits without alpha
} ci_header;

// Reads the size from the header, and takes no memory for pixels. The bytes are borrowed until `ci_close`.
ci_status ci_open(ci_reader reader, ci_format format, const uint8_t *bytes, size_t count,
                  ci_header *header);

// A part of the picture, in pixels of the picture after its reduction by `scale` (1, 2, 4 or 8), which only JPEG
// has; both sides of the reduced picture are rounded up.
typedef struct {
  int64_t left, top, width, height;
  int32_t scale;
} ci_region;

// The pixels of a region: rows of R G B bytes. At least 64 bytes after the last row can be read.
typedef struct {
  const uint8_t *pixels;
  ptrdiff_t stride;
} ci_view;

// Decodes at least a region of the picture that was opened last, into memory of the reader.
ci_status ci_read(ci_reader reader, ci_region region, bool scales_sixteen_bit_grey, ci_view *view);
// Decodes the whole picture into `target`, which has rows of 3 * width bytes.
ci_status ci_read_all(ci_reader reader, bool scales_sixteen_bit_grey, uint8_t *target);
// Forgets the bytes of the picture that was opened last.
void ci_close(ci_reader reader);

// ------------------------------------------------------------------------------ writing

// A file in memory.
typedef struct {
  uint8_t *bytes;
  size_t count;
} ci_file;

// Encodes rows of R G B bytes as a PNG of 8 bits. CI_UNSUPPORTED where a side is not 1 to 2^31 - 1.
ci_status ci_write_png(const uint8_t *pixels, int64_t width, int64_t height, ci_file *file);
void ci_free_file(ci_file file);

// ------------------------------------------------------------------------------ resizing

// The instructions that a kernel uses. All of them give the same bytes.
typedef enum { CI_PORTABLE = 0, CI_AVX2 = 1, CI_AVX512 = 2 } ci_instructions;

// The best that this processor has.
ci_instructions ci_best_instructions(void);

// For each of `count` results its first source pixel and `taps` weights with 22 fractional bits, split into
// high * 2048 + low. `taps` is even; a weight beyond the last real one is 0.
typedef struct {
  const int32_t *first;
  const int16_t *high;
  const int16_t *low;
  int32_t count;
  int32_t taps;
} ci_weights;

// Resizes `rows` rows of R G B pixels sideways: `weights.count` pixels for each. Up to 64 bytes behind the last
// source pixel are read.
void ci_resize_columns(const uint8_t *source, ptrdiff_t source_stride, int64_t rows, ci_weights weights,
                       uint8_t *target, ptrdiff_t target_stride, ci_instructions instructions);

// Makes `weights.count` rows of `width` bytes out of the rows of `source`, which has at least `source_rows`.
void ci_resize_rows(const uint8_t *source, ptrdiff_t source_stride, int64_t source_rows, int64_t width,
                    ci_weights weights, uint8_t *target, ptrdiff_t target_stride,
                    ci_instructions instructions);

#ifdef __cplusplus
}
#endif
