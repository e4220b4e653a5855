// JPEG by libjpeg-turbo, with the settings that Pillow has, so that both give the same bytes.
#include <csetjmp>
#include <cstring>

#include "reader.h"
// Needs size_t and FILE.
#include <jpeglib.h>

#include <jerror.h>

namespace ci {

// libjpeg's object and what its callbacks need. `error` is the first member, since libjpeg hands it back.
struct JPEG {
  jpeg_error_mgr error;
  jmp_buf jump;
  jpeg_source_mgr source;
  jpeg_decompress_struct info;
  char message[JMSG_LENGTH_MAX];
};

namespace {

// The jump ends in a function of this file, and it passes over no object with a destructor.
[[noreturn]] void leave(j_common_ptr info) {
  auto *jpeg = reinterpret_cast<JPEG *>(info->err);
  info->err->format_message(info, jpeg->message);
  longjmp(jpeg->jump, 1);
}

// Warnings about corrupt data are let pass, as Pillow does.
void stay_silent(j_common_ptr, int) {}
void print_nothing(j_common_ptr) {}
void do_nothing(j_decompress_ptr) {}

// All bytes are there from the beginning: libjpeg waits for more, and the caller sees that it does.
boolean lacks_bytes(j_decompress_ptr) { return FALSE; }

void skip_bytes(j_decompress_ptr info, long count) {
  const size_t left = info->src->bytes_in_buffer;
  const size_t skipped = count > 0 && static_cast<size_t>(count) < left ? count : count > 0 ? left : 0;
  info->src->next_input_byte += skipped;
  info->src->bytes_in_buffer -= skipped;
}

JPEG *make() {
  auto *jpeg = static_cast<JPEG *>(calloc(1, sizeof(JPEG)));
  if (!jpeg) return nullptr;
  jpeg->source.init_source = do_nothing;
  jpeg->source.fill_input_buffer = lacks_bytes;
  jpeg->source.skip_input_data = skip_bytes;
  jpeg->source.resync_to_restart = jpeg_resync_to_restart;
  jpeg->source.term_source = do_nothing;
  return jpeg;
}

ci_status fail(ci_reader reader) {
  const int code = reader->jpeg->error.msg_code;
  const bool is_foreign = code == JERR_SOF_UNSUPPORTED || code == JERR_BAD_PRECISION ||
                          code == JERR_ARITH_NOTIMPL || code == JERR_NOT_COMPILED;
  return reader->fail(code == JERR_OUT_OF_MEMORY ? CI_OUT_OF_MEMORY
                      : is_foreign               ? CI_UNSUPPORTED
                                                 : CI_DAMAGED,
                      "%s", reader->jpeg->message);
}

ci_status truncated(ci_reader reader) {
  const auto &info = reader->jpeg->info;
  if (info.output_height == 0)
    return reader->fail(CI_TRUNCATED, "it ends after %zu bytes, before its pixels", reader->count);
  return reader->fail(CI_TRUNCATED, "it ends after %zu bytes, in row %u of %u", reader->count,
                      info.output_scanline, info.output_height);
}

// Where a progressive file lacks scans, libjpeg smooths across blocks, and takes the edge of what it decodes for the
// picture's.
bool is_smoothed(const jpeg_decompress_struct &info) {
  constexpr int smoothed = 10;
  for (int index = 0; info.coef_bits && index < info.num_components; index++)
    for (int place = 0; place < smoothed; place++)
      if (info.coef_bits[index][place] != 0) return true;
  return false;
}

// Whether parts of the picture can be decoded alone. libjpeg-turbo 2.1 miscalculates some widths for other factors,
// which no camera uses.
bool has_usual_sampling(const jpeg_decompress_struct &info) {
  for (int index = 0; index < info.num_components; index++) {
    const auto &component = info.comp_info[index];
    const int limit = index == 0 && info.num_components == 3 ? 2 : 1;
    if (info.num_components == 1) break;
    if (component.h_samp_factor > limit || component.v_samp_factor > limit) return false;
  }
  return true;
}

// Whether the rest of the scan is followed by the marker of the end. So a file that was cut off is noticed
// without decoding rows that nobody asked for.
bool ends_properly(const jpeg_decompress_struct &info) {
  const uint8_t *place = info.src->next_input_byte;
  const uint8_t *const end = place + info.src->bytes_in_buffer;
  if (info.unread_marker != 0 && (info.unread_marker < JPEG_RST0 || info.unread_marker > JPEG_RST0 + 7))
    return false;
  while (place < end) {
    place = static_cast<const uint8_t *>(memchr(place, 0xFF, end - place));
    if (!place || ++place == end) return false;
    if (*place == 0xFF) continue;
    if (*place == JPEG_EOI) return true;
    if (*place != 0 && (*place < JPEG_RST0 || *place > JPEG_RST0 + 7)) return false;
  }
  return false;
}

// What Pillow's CMYK becomes in RGB. The file holds inverted ink, or is taken to.
void convert_cmyk(const uint8_t *source, uint8_t *target, int64_t width) {
  for (int64_t x = 0; x < width; x++) {
    const int black = source[4 * x + 3];
    for (int channel = 0; channel < 3; channel++) {
      const int product = source[4 * x + channel] * black + 128;
      target[3 * x + channel] = static_cast<uint8_t>((product + (product >> 8)) >> 8);
    }
  }
}

// Confines the decoding to the region's columns, and returns the first that is decoded.
JDIMENSION crop_columns(jpeg_decompress_struct &info, ci_region region) {
  // Smooth upsampling takes the edge of what is decoded for the picture's, so that one more pixel is decoded; and
  // libjpeg upsamples what is very narrow in another way.
  constexpr int64_t narrowest = 32;
  const int64_t all = info.output_width;
  int64_t left = region.left - 1, right = region.left + region.width + 1;
  if (right < left + narrowest) right = left + narrowest;
  if (right > all) right = all;
  if (left > right - narrowest) left = right - narrowest;
  if (left < 0) left = 0;
  auto offset = static_cast<JDIMENSION>(left), width = static_cast<JDIMENSION>(right - left);
  // libjpeg moves the edge to the left, to a border of blocks.
  jpeg_crop_scanline(&info, &offset, &width);
  return offset;
}

// Reads rows up to `end` into `rows`, which are `stride` bytes apart. Returns whether the file had them.
bool read_rows(JPEG &jpeg, JDIMENSION end, uint8_t *rows, ptrdiff_t stride) {
  auto &info = jpeg.info;
  constexpr JDIMENSION most = 16;
  const JDIMENSION start = info.output_scanline;
  while (info.output_scanline < end) {
    JSAMPROW pointers[most];
    const JDIMENSION left = end - info.output_scanline;
    const JDIMENSION asked = left < most ? left : most;
    for (JDIMENSION index = 0; index < asked; index++)
      pointers[index] = rows + static_cast<ptrdiff_t>(info.output_scanline - start + index) * stride;
    if (jpeg_read_scanlines(&info, pointers, asked) == 0) return false;
  }
  return true;
}

// The same for one channel. The greys lie at the end of the row until they are spread.
bool read_grey_rows(JPEG &jpeg, JDIMENSION end, uint8_t *rows, ptrdiff_t stride) {
  auto &info = jpeg.info;
  const int64_t width = info.output_width;
  const int64_t count = end - info.output_scanline;
  if (!read_rows(jpeg, end, rows + 2 * width, stride)) return false;
  for (int64_t y = 0; y < count; y++) spread_grey(rows + y * stride, width);
  return true;
}

// The same for four channels.
bool read_cmyk_rows(JPEG &jpeg, JDIMENSION end, uint8_t *rows, ptrdiff_t stride, uint8_t *scratch) {
  auto &info = jpeg.info;
  for (; info.output_scanline < end; rows += stride) {
    if (!read_rows(jpeg, info.output_scanline + 1, scratch, 0)) return false;
    convert_cmyk(scratch, rows, info.output_width);
  }
  return true;
}

// Takes in what follows the rows that were asked for: a fault there is one of the file.
bool read_rest(JPEG &jpeg, uint8_t *scratch) {
  auto &info = jpeg.info;
  // With several scans libjpeg has read the whole file before the first row.
  if (jpeg_has_multiple_scans(&info)) return true;
  if (info.output_scanline < info.output_height) {
    if (ends_properly(info)) return true;
    if (!read_rows(jpeg, info.output_height, scratch, 0)) return false;
  }
  // Markers behind the last row can be wrong, but they may be missing.
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

ci_status open_jpeg(ci_reader reader) {
  if (!reader->jpeg) reader->jpeg = make();
  if (!reader->jpeg) return reader->lacks_memory();
  auto &jpeg = *reader->jpeg;
  auto &info = jpeg.info;
  info.err = jpeg_std_error(&jpeg.error);
  jpeg.error.error_exit = leave;
  jpeg.error.emit_message = stay_silent;
  jpeg.error.output_message = print_nothing;
  if (setjmp(jpeg.jump)) return fail(reader);
  // An object of before would lend its tables to a file that lacks its own.
  jpeg_create_decompress(&info);
  info.src = &jpeg.source;
  jpeg.source.next_input_byte = reader->bytes;
  jpeg.source.bytes_in_buffer = reader->count;
  if (jpeg_read_header(&info, TRUE) != JPEG_HEADER_OK) return truncated(reader);
  if (info.num_components != 1 && info.num_components != 3 && info.num_components != 4)
    return reader->fail(CI_UNSUPPORTED, "it has %d channels, not 1, 3 or 4", info.num_components);
  reader->header.width = info.image_width;
  reader->header.height = info.image_height;
  return CI_OK;
}

ci_status read_jpeg(ci_reader reader, ci_region region, uint8_t *target, ci_view *view) {
  auto &jpeg = *reader->jpeg;
  auto &info = jpeg.info;
  if (setjmp(jpeg.jump)) return fail(reader);
  const bool is_grey = info.num_components == 1, is_cmyk = info.num_components == 4;
  info.out_color_space = is_grey ? JCS_GRAYSCALE : is_cmyk ? JCS_CMYK : JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = region.scale;
  if (!jpeg_start_decompress(&info)) return truncated(reader);

  JDIMENSION left = 0, top = 0, bottom = info.output_height;
  if (has_usual_sampling(info) && !is_smoothed(info)) {
    left = crop_columns(info, region);
    top = region.top;
    if (top > 0) jpeg_skip_scanlines(&info, top);
    bottom = region.top + region.height;
  }
  const ptrdiff_t stride = 3 * static_cast<ptrdiff_t>(info.output_width);
  uint8_t *pixels = target;
  if (!pixels) pixels = reader->pixels.reserve(stride * (bottom - top) + margin);
  uint8_t *scratch = reader->row.reserve(4 * static_cast<size_t>(info.output_width));
  if (!pixels || !scratch) return reader->lacks_memory();
  const bool has_rows = is_cmyk   ? read_cmyk_rows(jpeg, bottom, pixels, stride, scratch)
                        : is_grey ? read_grey_rows(jpeg, bottom, pixels, stride)
                                  : read_rows(jpeg, bottom, pixels, stride);
  if (!has_rows || !read_rest(jpeg, scratch)) return truncated(reader);
  *view = {pixels + static_cast<ptrdiff_t>(region.top - top) * stride + 3 * (region.left - left), stride};
  return CI_OK;
}

void close_jpeg(ci_reader reader) {
  // Cannot fail: it only gives memory back, if there is any.
  if (reader->jpeg) jpeg_destroy_decompress(&reader->jpeg->info);
}

void free_jpeg(ci_reader reader) {
  close_jpeg(reader);
  free(reader->jpeg);
  reader->jpeg = nullptr;
}

}  // namespace ci
