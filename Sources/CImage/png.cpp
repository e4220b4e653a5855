// PNG by libpng, which is given the chunks of the pixels only, so that nothing else in a file matters.
#include <csetjmp>
#include <cstring>

#include <png.h>
#include <zlib.h>

#include "bytes.h"
#include "reader.h"

namespace ci {

namespace {

constexpr size_t signature_bytes = 8;
constexpr size_t frame_bytes = 12;  // of a chunk: its length, its name and its checksum

bool is_letter_or_digit(uint8_t byte) {
  return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

// A chunk of the file, or the reason why there is none.
struct Chunk {
  const uint8_t *start = nullptr;
  size_t length = 0;
  bool has_header = false;
  bool is_whole = false;

  Chunk(const uint8_t *bytes, size_t count, size_t place) {
    if (count - place < 8) return;
    start = bytes + place;
    length = big_endian(start);
    has_header = true;
    for (int index = 4; index < 8; index++) has_header = has_header && is_letter_or_digit(start[index]);
    is_whole = count - place >= frame_bytes && length <= count - place - frame_bytes;
  }

  bool is(const char *name) const { return is_name(start + 4, name); }
  const uint8_t *contents() const { return start + 8; }
  size_t size() const { return frame_bytes + length; }
  bool has_right_checksum() const {
    return crc32(0, start + 4, static_cast<uInt>(length + 4)) == big_endian(start + 8 + length);
  }
};

// The file as libpng sees it: the signature, and the chunks that matter.
struct Stream {
  ci_reader reader;
  const uint8_t *piece;  // what is handed over now
  size_t left;           // of the piece
  size_t place;          // of the next chunk in the file
  bool is_at_end = false;

  explicit Stream(ci_reader reader)
      : reader(reader), piece(reader->bytes), left(signature_bytes), place(signature_bytes) {}

  // Finds the next chunk that libpng needs.
  bool advance() {
    while (!is_at_end) {
      const Chunk chunk(reader->bytes, reader->count, place);
      const bool is_pixels = chunk.has_header && chunk.is("IDAT");
      if (!chunk.has_header || chunk.is("IEND") || !(chunk.is_whole || is_pixels)) break;
      if (!chunk.is_whole) return hand_over_header(chunk);
      place += chunk.size();
      if (!is_pixels && !chunk.is("IHDR") && !chunk.is("PLTE")) continue;
      piece = chunk.start;
      left = chunk.size();
      return true;
    }
    is_at_end = true;
    return false;
  }

 private:
  // libpng takes a chunk in large blocks, and would see nothing of the last one of a file that was cut off. So its
  // length becomes that of what is there, which is the next piece.
  bool hand_over_header(const Chunk &chunk) {
    const size_t rest = reader->count - place - sizeof header;
    if (is_cut) {
      piece = chunk.start + sizeof header;
      left = rest;
      is_at_end = true;
      return left > 0;
    }
    is_cut = true;
    memcpy(header, chunk.start, sizeof header);
    for (int index = 0; index < 4; index++) header[index] = static_cast<uint8_t>(rest >> (24 - 8 * index));
    piece = header;
    left = sizeof header;
    return true;
  }

  uint8_t header[8] = {};
  bool is_cut = false;
};

// How the rows of a file become R G B: by libpng, or here from one number a pixel.
enum class Kind { colour, palette, grey16 };

struct PNG {
  Stream stream;
  Target target;
  png_structp reading = nullptr;
  png_infop info = nullptr;
  Kind kind = Kind::colour;
  char message[200] = "";
};

void hand_over(png_structp reading, png_bytep target, size_t count) {
  auto &stream = static_cast<PNG *>(png_get_io_ptr(reading))->stream;
  while (count > 0) {
    if (stream.left == 0 && !stream.advance()) png_error(reading, "it ends before its last row");
    const size_t part = stream.left < count ? stream.left : count;
    memcpy(target, stream.piece, part);
    target += part;
    count -= part;
    stream.piece += part;
    stream.left -= part;
  }
}

[[noreturn]] void leave(png_structp reading, png_const_charp text) {
  auto &png = *static_cast<PNG *>(png_get_error_ptr(reading));
  snprintf(png.message, sizeof png.message, "%s", text);
  png_longjmp(reading, 1);
}

void stay_silent(png_structp, png_const_charp) {}

Kind set_transforms(PNG &png) {
  const int type = png_get_color_type(png.reading, png.info);
  const int depth = png_get_bit_depth(png.reading, png.info);
  png_set_strip_alpha(png.reading);
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_set_packing(png.reading);
    return Kind::palette;
  }
  if (type == PNG_COLOR_TYPE_GRAY && depth == 16) return Kind::grey16;
  if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png.reading);
  if (depth == 16) png_set_strip_16(png.reading);
  if (!(type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png.reading);
  return Kind::colour;
}

// The numbers lie at the end of the row, and are read before their place is written to.
void expand_palette(const PNG &png, uint8_t *row, size_t width) {
  png_colorp colours = nullptr;
  int count = 0;
  png_get_PLTE(png.reading, png.info, &colours, &count);
  const uint8_t *numbers = row + 2 * width;
  for (size_t x = 0; x < width; x++) {
    const int number = numbers[x];
    // What a palette lacks is black, as in Pillow.
    const png_color colour = number < count ? colours[number] : png_color{0, 0, 0};
    row[3 * x] = colour.red;
    row[3 * x + 1] = colour.green;
    row[3 * x + 2] = colour.blue;
  }
}

void expand_grey16(uint8_t *row, size_t width, bool scales) {
  const uint8_t *numbers = row + width;
  for (size_t x = 0; x < width; x++) {
    const uint8_t high = numbers[2 * x], low = numbers[2 * x + 1];
    const uint8_t grey = scales ? high : high > 0 ? 255 : low;
    row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = grey;
  }
}

// Decodes the rows, and returns whether all are there.
bool decode(PNG &png) {
  // The jump ends here and passes over no object with a destructor.
  if (setjmp(png_jmpbuf(png.reading))) {
    // Behind the last row libpng looks for the end of the data, which Pillow does not.
    const bool is_interlaced = png_get_interlace_type(png.reading, png.info) != PNG_INTERLACE_NONE;
    return is_interlaced ? png_get_current_pass_number(png.reading) >= 7
                         : png_get_current_row_number(png.reading) >= png.stream.reader->header.height;
  }
  png_read_info(png.reading, png.info);
  const size_t width = png_get_image_width(png.reading, png.info);
  const size_t height = png_get_image_height(png.reading, png.info);
  const int passes = png_set_interlace_handling(png.reading);
  png.kind = set_transforms(png);
  png_read_update_info(png.reading, png.info);
  const size_t offset = png.kind == Kind::palette ? 2 * width : png.kind == Kind::grey16 ? width : 0;
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < height; y++)
      png_read_row(png.reading, png.target.pixels + static_cast<ptrdiff_t>(y) * png.target.stride + offset,
                   nullptr);
  return true;
}

void expand(const PNG &png, bool scales) {
  const auto &header = png.stream.reader->header;
  for (int64_t y = 0; y < header.height && png.kind != Kind::colour; y++) {
    uint8_t *row = png.target.pixels + y * png.target.stride;
    if (png.kind == Kind::palette) expand_palette(png, row, header.width);
    if (png.kind == Kind::grey16) expand_grey16(row, header.width, scales);
  }
}

// Pillow checks the chunks before the pixels, and that those behind them are whole.
ci_status check_chunks(ci_reader reader) {
  bool has_pixels = false;
  for (size_t place = signature_bytes; place < reader->count;) {
    const Chunk chunk(reader->bytes, reader->count, place);
    if (!chunk.has_header) {
      if (has_pixels) return CI_OK;
      return reader->count - place < 8 ? reader->fail(CI_TRUNCATED, "it ends before its pixels")
                                       : reader->fail(CI_DAMAGED, "a chunk has no name");
    }
    if (chunk.is("IEND")) break;
    has_pixels = has_pixels || chunk.is("IDAT");
    if (!chunk.is_whole) {
      // libpng finds out whether these pixels are enough.
      if (chunk.is("IDAT")) return CI_OK;
      return reader->fail(CI_TRUNCATED, "it ends inside the chunk %.4s", chunk.start + 4);
    }
    if (!has_pixels && !chunk.has_right_checksum())
      return reader->fail(CI_DAMAGED, "the checksum of the chunk %.4s is wrong", chunk.start + 4);
    place += chunk.size();
  }
  return has_pixels ? CI_OK : reader->fail(CI_DAMAGED, "it has no pixels");
}

}  // namespace

ci_status open_png(ci_reader reader) {
  const Chunk header(reader->bytes, reader->count, signature_bytes);
  if (reader->count < signature_bytes + frame_bytes + 13)
    return reader->fail(CI_TRUNCATED, "it ends inside its header");
  if (!header.is("IHDR") || header.length != 13)
    return reader->fail(CI_DAMAGED, "it does not begin with the chunk IHDR");
  if (!header.has_right_checksum())
    return reader->fail(CI_DAMAGED, "the checksum of its header is wrong");
  const uint32_t width = big_endian(header.contents()), height = big_endian(header.contents() + 4);
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX)
    return reader->fail(CI_DAMAGED, "its header gives it %u × %u pixels", width, height);
  reader->header.width = width;
  reader->header.height = height;
  reader->header.is_sixteen_bit_grey = header.contents()[8] == 16 && header.contents()[9] == 0;
  return CI_OK;
}

ci_status read_png(ci_reader reader, bool scales_sixteen_bit_grey, Target target) {
  const ci_status status = check_chunks(reader);
  if (status != CI_OK) return status;
  PNG png{.stream = Stream(reader), .target = target};
  png.reading = png_create_read_struct(PNG_LIBPNG_VER_STRING, &png, leave, stay_silent);
  png.info = png.reading ? png_create_info_struct(png.reading) : nullptr;
  if (!png.info) {
    png_destroy_read_struct(&png.reading, nullptr, nullptr);
    return reader->lacks_memory();
  }
  png_set_read_fn(png.reading, &png, hand_over);
  png_set_user_limits(png.reading, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_crc_action(png.reading, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
  const bool has_rows = decode(png);
  if (has_rows) expand(png, scales_sixteen_bit_grey);
  png_destroy_read_struct(&png.reading, &png.info, nullptr);
  if (has_rows) return CI_OK;
  return reader->fail(png.stream.is_at_end ? CI_TRUNCATED : CI_DAMAGED, "%s", png.message);
}

}  // namespace ci
