// WebP by libwebp; of an animated file the first frame on a black canvas, as Pillow shows it.
#include <cstring>

#include <webp/decode.h>

#include "bytes.h"
#include "reader.h"

namespace ci {

namespace {

constexpr size_t header_bytes = 12;  // RIFF, its length, WEBP
constexpr uint32_t animation_flag = 2;

// Where the still picture of a file lies, and where it goes on the canvas.
struct Frame {
  const uint8_t *bytes;
  size_t count;
  int64_t left = 0, top = 0;
};

struct Chunk {
  const uint8_t *start = nullptr;
  size_t length = 0;

  // Whether a whole chunk begins at `place`.
  bool read(const uint8_t *bytes, size_t count, size_t place) {
    if (place > count || count - place < 8) return false;
    start = bytes + place;
    length = little_endian(start + 4, 4);
    return length <= count - place - 8;
  }

  bool is(const char *name) const { return is_name(start, name); }
  size_t size() const { return 8 + length + (length & 1); }
};

ci_status truncated(ci_reader reader) {
  return reader->fail(CI_TRUNCATED, "it ends after %zu bytes, before its last row", reader->count);
}

// The file without what may follow it.
ci_status trim(ci_reader reader, size_t *count) {
  if (reader->count < header_bytes) return truncated(reader);
  const size_t length = little_endian(reader->bytes + 4, 4);
  if (length > reader->count - 8) return truncated(reader);
  *count = length + 8;
  if (*count < header_bytes + 8) return reader->fail(CI_DAMAGED, "it holds no picture");
  if (!is_name(reader->bytes + header_bytes, "VP8X")) return CI_OK;
  Chunk chunk;
  size_t place = header_bytes;
  for (; chunk.read(reader->bytes, *count, place); place += chunk.size()) {
  }
  return place < *count ? truncated(reader) : CI_OK;
}

ci_status find_first_frame(ci_reader reader, size_t count, Frame *frame) {
  Chunk chunk;
  for (size_t place = header_bytes; chunk.read(reader->bytes, count, place); place += chunk.size()) {
    if (!chunk.is("ANMF")) continue;
    const uint8_t *contents = chunk.start + 8;
    if (chunk.length < 16) break;
    *frame = {contents + 16, chunk.length - 16, 2 * static_cast<int64_t>(little_endian(contents, 3)),
              2 * static_cast<int64_t>(little_endian(contents + 3, 3))};
    return CI_OK;
  }
  return reader->fail(CI_DAMAGED, "it is animated and has no frame");
}

bool is_animated(ci_reader reader, size_t count) {
  Chunk first;
  return first.read(reader->bytes, count, header_bytes) && first.is("VP8X") && first.length >= 10 &&
         (first.start[8] & animation_flag);
}

ci_status check(ci_reader reader, VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OK: return CI_OK;
    case VP8_STATUS_OUT_OF_MEMORY: return reader->lacks_memory();
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return truncated(reader);
    case VP8_STATUS_UNSUPPORTED_FEATURE: return reader->fail(CI_UNSUPPORTED, "libwebp does not know its features");
    default: return reader->fail(CI_DAMAGED, "libwebp finds its data damaged");
  }
}

}  // namespace

ci_status open_webp(ci_reader reader) {
  size_t count = 0;
  ci_status status = trim(reader, &count);
  if (status != CI_OK) return status;
  WebPBitstreamFeatures features;
  status = check(reader, WebPGetFeatures(reader->bytes, count, &features));
  if (status != CI_OK) return status;
  reader->header.width = features.width;
  reader->header.height = features.height;
  return CI_OK;
}

ci_status read_webp(ci_reader reader, Target target) {
  size_t count = 0;
  ci_status status = trim(reader, &count);
  if (status != CI_OK) return status;
  Frame frame{reader->bytes, count};
  const auto &header = reader->header;
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return reader->fail(CI_DAMAGED, "libwebp is of another version");
  if (is_animated(reader, count)) {
    status = find_first_frame(reader, count, &frame);
    if (status != CI_OK) return status;
    for (int64_t y = 0; y < header.height; y++) memset(target.pixels + y * target.stride, 0, 3 * header.width);
  }
  status = check(reader, WebPGetFeatures(frame.bytes, frame.count, &config.input));
  if (status != CI_OK) return status;
  if (frame.left + config.input.width > header.width || frame.top + config.input.height > header.height)
    return reader->fail(CI_DAMAGED, "its first frame lies outside its canvas");
  auto &output = config.output;
  output.colorspace = MODE_RGB;
  output.is_external_memory = 1;
  output.u.RGBA.rgba = target.pixels + frame.top * target.stride + 3 * frame.left;
  output.u.RGBA.stride = static_cast<int>(target.stride);
  output.u.RGBA.size = static_cast<size_t>(target.stride) * (config.input.height - 1) + 3 * config.input.width;
  return check(reader, WebPDecode(frame.bytes, frame.count, &config));
}

}  // namespace ci
