// What the files of this target share: the reader, its buffer and its message.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "include/cimage.h"

namespace ci {

struct JPEG;

// Memory that grows and is kept for the next picture; `malloc` because no exception may leave this target.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() { free(bytes_); }

  // Room for `count` bytes of any contents, or null.
  uint8_t *reserve(size_t count) {
    if (count > capacity_) {
      free(bytes_);
      bytes_ = static_cast<uint8_t *>(malloc(count));
      capacity_ = bytes_ ? count : 0;
    }
    return bytes_;
  }

  // A single huge picture must not cost its memory for the rest of the run.
  void shrink(size_t limit) {
    if (capacity_ <= limit) return;
    free(bytes_);
    bytes_ = nullptr;
    capacity_ = 0;
  }

 private:
  uint8_t *bytes_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace ci

struct ci_reader_s {
  ci_format format = CI_JPEG;
  const uint8_t *bytes = nullptr;
  size_t count = 0;
  ci_header header{};
  ci::JPEG *jpeg = nullptr;
  ci::Buffer pixels;
  ci::Buffer row;
  char message[256] = "";

  // Keeps a message and returns its status.
  __attribute__((format(printf, 3, 4))) ci_status fail(ci_status status, const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(message, sizeof message, text, arguments);
    va_end(arguments);
    return status;
  }

  ci_status lacks_memory() { return fail(CI_OUT_OF_MEMORY, "there is no memory for its pixels"); }
};

namespace ci {

// Where decoded rows go: `pixels` is row 0 of the picture as it was asked for.
struct Target {
  uint8_t *pixels;
  ptrdiff_t stride;
};

ci_status open_jpeg(ci_reader reader);
ci_status read_jpeg(ci_reader reader, ci_region region, uint8_t *target, ci_view *view);
void close_jpeg(ci_reader reader);
void free_jpeg(ci_reader reader);

ci_status open_png(ci_reader reader);
ci_status read_png(ci_reader reader, bool scales_sixteen_bit_grey, Target target);

ci_status open_webp(ci_reader reader);
ci_status read_webp(ci_reader reader, Target target);

// Makes R G B of the greys at the end of a row of `width` pixels.
void spread_grey(uint8_t *row, int64_t width);

// How many bytes behind the last pixel a kernel may read.
constexpr size_t margin = 64;

}  // namespace ci
