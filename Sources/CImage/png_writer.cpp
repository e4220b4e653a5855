// Writes PNG by libpng into memory.
#include <csetjmp>
#include <cstdlib>
#include <cstring>

#include <png.h>

#include "include/cimage.h"

namespace {

// The file so far; `malloc` because no exception may leave this target.
struct Output {
  uint8_t *bytes = nullptr;
  size_t count = 0;
  size_t capacity = 0;

  bool append(const uint8_t *source, size_t length) {
    if (length > capacity - count) {
      const size_t room = 2 * capacity > count + length ? 2 * capacity : count + length;
      auto *moved = static_cast<uint8_t *>(realloc(bytes, room));
      if (!moved) return false;
      bytes = moved;
      capacity = room;
    }
    memcpy(bytes + count, source, length);
    count += length;
    return true;
  }
};

void take(png_structp writing, png_bytep bytes, size_t count) {
  if (!static_cast<Output *>(png_get_io_ptr(writing))->append(bytes, count)) png_error(writing, "no memory");
}

void flush_nothing(png_structp) {}

[[noreturn]] void leave(png_structp writing, png_const_charp) { png_longjmp(writing, 1); }

void stay_silent(png_structp, png_const_charp) {}

// Writes all, and returns whether there was memory for it.
bool encode(png_structp writing, png_infop info, const uint8_t *pixels, uint32_t width, uint32_t height) {
  // The jump ends here and passes over no object with a destructor.
  if (setjmp(png_jmpbuf(writing))) return false;
  png_set_IHDR(writing, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writing, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(writing, pixels + size_t{3} * width * y);
  png_write_end(writing, nullptr);
  return true;
}

}  // namespace

ci_status ci_write_png(const uint8_t *pixels, int64_t width, int64_t height, ci_file *file) {
  *file = {nullptr, 0};
  if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX) return CI_UNSUPPORTED;
  Output output;
  png_structp writing = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, leave, stay_silent);
  png_infop info = writing ? png_create_info_struct(writing) : nullptr;
  bool is_done = false;
  if (info) {
    png_set_write_fn(writing, &output, take, flush_nothing);
    // libpng refuses sides above a million unless it is told otherwise.
    png_set_user_limits(writing, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    is_done = encode(writing, info, pixels, static_cast<uint32_t>(width), static_cast<uint32_t>(height));
  }
  png_destroy_write_struct(&writing, &info);
  if (!is_done) {
    free(output.bytes);
    return CI_OUT_OF_MEMORY;
  }
  *file = {output.bytes, output.count};
  return CI_OK;
}

void ci_free_file(ci_file file) { free(file.bytes); }
