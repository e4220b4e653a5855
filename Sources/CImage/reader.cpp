// The entry points of pictures: each format's own are in a file of its name.
#include "reader.h"

#include <new>

ci_reader ci_reader_new(void) { return new (std::nothrow) ci_reader_s; }

void ci_reader_free(ci_reader reader) {
  if (reader) ci::free_jpeg(reader);
  delete reader;
}

const char *ci_reader_message(ci_reader reader) { return reader->message; }

ci_status ci_open(ci_reader reader, ci_format format, const uint8_t *bytes, size_t count,
                  ci_header *header) {
  constexpr size_t kept = size_t{64} << 20;
  ci_close(reader);
  reader->pixels.shrink(kept);
  reader->row.shrink(kept);
  reader->format = format;
  reader->bytes = bytes;
  reader->count = count;
  reader->header = {};
  ci_status status = CI_OK;
  switch (format) {
    case CI_JPEG: status = ci::open_jpeg(reader); break;
    case CI_PNG: status = ci::open_png(reader); break;
    case CI_WEBP: status = ci::open_webp(reader); break;
  }
  *header = reader->header;
  if (status != CI_OK) ci_close(reader);
  return status;
}

void ci_close(ci_reader reader) {
  ci::close_jpeg(reader);
  reader->bytes = nullptr;
  reader->count = 0;
}

namespace {

ci_status read_into(ci_reader reader, bool scales_sixteen_bit_grey, ci::Target target) {
  return reader->format == CI_PNG ? ci::read_png(reader, scales_sixteen_bit_grey, target)
                                  : ci::read_webp(reader, target);
}

}  // namespace

ci_status ci_read(ci_reader reader, ci_region region, bool scales_sixteen_bit_grey, ci_view *view) {
  if (!reader->bytes) return reader->fail(CI_DAMAGED, "no picture is open");
  const int64_t scale = region.scale;
  if (region.left < 0 || region.top < 0 || region.width < 1 || region.height < 1 || scale < 1 ||
      region.left + region.width > (reader->header.width + scale - 1) / scale ||
      region.top + region.height > (reader->header.height + scale - 1) / scale)
    return reader->fail(CI_DAMAGED, "the part asked for lies outside the picture");
  if (reader->format == CI_JPEG) return ci::read_jpeg(reader, region, nullptr, view);
  const ptrdiff_t stride = 3 * reader->header.width;
  uint8_t *pixels = reader->pixels.reserve(stride * reader->header.height + ci::margin);
  if (!pixels) return reader->lacks_memory();
  *view = {pixels + region.top * stride + 3 * region.left, stride};
  return read_into(reader, scales_sixteen_bit_grey, {pixels, stride});
}

ci_status ci_read_all(ci_reader reader, bool scales_sixteen_bit_grey, uint8_t *target) {
  if (!reader->bytes) return reader->fail(CI_DAMAGED, "no picture is open");
  const ptrdiff_t stride = 3 * reader->header.width;
  if (reader->format != CI_JPEG) return read_into(reader, scales_sixteen_bit_grey, {target, stride});
  ci_view view;
  return ci::read_jpeg(reader, {0, 0, reader->header.width, reader->header.height, 1}, target, &view);
}
