// The gradient of the weights of a convolution in bfloat16 on the matrix unit (AMX): kernels of 1×1 or
// 3×3 with stride 1 or 2, and half a kernel of padding.
//
// A product of tiles sums over 32 pixels of the results. The gradient is turned, so that a row of a
// tile is one channel's pixels, and the input is interleaved pixel pair by pixel pair. Where the kernel
// moves along a row, the turned gradient is moved against the input, with zeros where a row ends; where
// it moves along a column, the rows of the input are. Both lie in buffers that stay in the cache.
#include "tiles.h"

#include "convolution_weights.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#if defined(__x86_64__)

namespace ct {
namespace {

// Pixels that a product of tiles sums over, and so many at least between two loads of its sums.
constexpr int64_t kChunk = 32, kLongEnough = 512;
constexpr int64_t kSums = 256;

// A column of the kernel: which of the turned gradients it meets.
struct Column {
  int64_t kx, shifted;
};

// How the work lies in the buffers and is cut: a function of the shapes alone.
struct Plan {
  Layer layer;
  // Pixels of a row of results, made even.
  int64_t width;
  // Rows of a strip, and images of a unit: several where a strip is a whole image.
  int64_t rows, images;
  // Pixels of a strip, made whole chunks; rows of input that it meets, with those of the odd rows
  // behind the even ones where the stride is 2.
  int64_t pixels, input_rows;
  // By how many pixels the turned gradients are moved, and which columns meet the even and the odd
  // columns of the input (with stride 1: all).
  std::vector<int64_t> shifts;
  std::vector<std::vector<Column>> columns;
  // Into how many parts the channels of the input and the units are cut.
  int64_t channel_parts, unit_parts;

  explicit Plan(const Layer &layer) : layer(layer) {
    width = (layer.gradient.width + 1) / 2 * 2;
    int64_t most = std::clamp<int64_t>(kLongEnough / width, 1, layer.height);
    int64_t strips = (layer.height + most - 1) / most;
    rows = (layer.height + strips - 1) / strips;
    pixels = (rows * width + kChunk - 1) / kChunk * kChunk;
    images = rows < layer.height
                 ? 1 : std::clamp<int64_t>(kLongEnough / pixels, 1, layer.images);
    if (layer.kernel == 1) {
      input_rows = rows, shifts = {0}, columns = {{{0, 0}}};
    } else if (layer.stride == 1) {
      input_rows = rows + 2, shifts = {0, 1, -1}, columns = {{{0, 1}, {1, 0}, {2, 2}}};
    } else {
      input_rows = 2 * rows + 1, shifts = {0, 1}, columns = {{{1, 0}}, {{0, 1}, {2, 0}}};
    }
    channel_parts = std::clamp<int64_t>(layer.input.channels / 64, 1, 8);
    unit_parts = std::min<int64_t>(std::max<int64_t>(16 / channel_parts, 2), units());
  }

  int64_t strips() const { return (layer.height + rows - 1) / rows; }
  int64_t units() const {
    return images > 1 ? (layer.images + images - 1) / images : layer.images * strips();
  }
  int64_t blocks() const { return layer.input.channels / kLane; }
  int64_t results() const { return layer.gradient.channels / kLane; }

  // The row of the buffer where those begin that a row of the kernel meets.
  int64_t first_row(int64_t ky) const {
    if (layer.kernel == 1) return 0;
    if (layer.stride == 1) return ky;
    return ky == 1 ? 0 : ky == 0 ? rows : rows + 1;
  }
  // The row of the image that a row of the buffer holds, for a strip from `top`.
  int64_t image_row(int64_t row, int64_t top) const {
    if (layer.kernel == 1) return (top + row) * layer.stride;
    if (layer.stride == 1) return top + row - 1;
    return row < rows ? 2 * (top + row) : 2 * (top + row - rows) - 1;
  }

  // Odd numbers of cache lines, since lines a multiple of 4 KiB apart would share their places there.
  static int64_t odd_lines(int64_t numbers) { return ((numbers + 31) / 32 | 1) * 32; }
  // One channel of a turned gradient, with a line of zeros before it and one behind.
  int64_t turned_row() const { return odd_lines(images * pixels + 64); }
  int64_t turned_size() const { return layer.gradient.channels * turned_row(); }
  int64_t image_pairs() const { return input_rows * width / 2; }
  // One block of 16 channels of the input; the last chunk may read beyond the last image.
  int64_t block_size() const { return odd_lines((images * image_pairs() + 16) * 32); }
};

// ------------------------------------------------------------------------------- one part of the work

struct Piece {
  const Plan &plan;
  int64_t first_block, blocks, begin, end;
  // [ky][kx][result][block][16][16], of all blocks.
  float *sums;

  int64_t scratch_size() const {
    return plan.turned_size() * int64_t(plan.shifts.size()) +
           plan.block_size() * blocks * int64_t(plan.columns.size());
  }

  CT_TILES void run(bf16 *scratch) const {
    Tiles tiles;
    const Layer &layer = plan.layer;
    bf16 *turned = scratch;
    bf16 *input = scratch + plan.turned_size() * int64_t(plan.shifts.size());
    std::memset(scratch, 0, 2 * scratch_size());
    std::vector<std::vector<uint32_t>> masks;
    int64_t masked_rows = -1;
    for (int64_t unit = begin; unit < end; unit++) {
      int64_t first = unit, top = 0, count = 1;
      if (plan.images > 1) {
        first = unit * plan.images;
        count = std::min(plan.images, layer.images - first);
      } else {
        first = unit / plan.strips(), top = unit % plan.strips() * plan.rows;
      }
      int64_t rows = std::min(plan.rows, layer.height - top);
      if (rows != masked_rows) masks = masks_of(rows), masked_rows = rows;
      for (int64_t image = 0; image < count; image++) {
        fill_input(first + image, top, input + image * plan.image_pairs() * 32);
        turn(first + image, top, rows, masks, turned + 32 + image * plan.pixels);
      }
      multiply(turned + 32, input, count, (rows * plan.width + kChunk - 1) / kChunk, unit == begin);
    }
  }

  // For each shift and chunk: which pixels are met by one of the same row.
  std::vector<std::vector<uint32_t>> masks_of(int64_t rows) const {
    std::vector<std::vector<uint32_t>> masks;
    for (int64_t shift : plan.shifts) {
      masks.emplace_back(plan.pixels / kChunk, 0);
      for (int64_t i = 0; i < rows * plan.width; i++) {
        int64_t from = i % plan.width + shift;
        if (from >= 0 && from < plan.layer.gradient.width) {
          masks.back()[i / kChunk] |= 1u << i % kChunk;
        }
      }
    }
    return masks;
  }

  // Two pixels' 16 channels, become 16 pairs.
  CT_TILES static CT_INLINE __m512i paired(__m256i low, __m256i high) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                           8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order,
                                    _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
  }

  CT_TILES static CT_INLINE __m256i lane(const bf16 *from) {
    return _mm256_loadu_si256((const __m256i *)from);
  }

  // Interleaves the pixels of an image that a strip meets, zeros where there are none.
  CT_TILES void fill_input(int64_t image, int64_t top, bf16 *to) const {
    const Layer &layer = plan.layer;
    const Map &map = layer.input;
    int64_t size = plan.block_size(), step = layer.stride * map.channels;
    for (int64_t parity = 0; parity < int64_t(plan.columns.size()); parity++, to += size * blocks) {
      for (int64_t row = 0; row < plan.input_rows; row++) {
        int64_t y = plan.image_row(row, top), columns = 0;
        const bf16 *from = map.data;
        if (y >= 0 && y < layer.in_height) {
          int64_t at = (image * layer.in_height + y) * map.width;
          from += (at + parity) * map.channels + first_block * kLane;
          int64_t pixels = std::clamp<int64_t>(map.pixels - at, 0, map.width) - parity;
          // Beyond the results' columns the turned gradient is zero.
          columns = std::clamp<int64_t>((pixels + layer.stride - 1) / layer.stride, 0, plan.width);
        }
        bf16 *block = to + row * plan.width * 16;
        for (int64_t c = 0; c < blocks * kLane; c += kLane, block += size) {
          const bf16 *pixel = from + c;
          int64_t x = 0;
          for (; x + 2 <= columns; x += 2, pixel += 2 * step) {
            _mm512_store_si512(block + x * 16, paired(lane(pixel), lane(pixel + step)));
          }
          if (x < columns) {
            _mm512_store_si512(block + x * 16, paired(lane(pixel), _mm256_setzero_si256()));
            x += 2;
          }
          for (; x < plan.width; x += 2) {
            _mm512_store_si512(block + x * 16, _mm512_setzero_si512());
          }
        }
      }
    }
  }

  // Turns the gradient of a strip of an image: rows of pixels, one for each channel.
  CT_TILES void turn(int64_t image, int64_t top, int64_t rows,
                     const std::vector<std::vector<uint32_t>> &masks, bf16 *to) const {
    const Layer &layer = plan.layer;
    const Map &map = layer.gradient;
    int64_t line = plan.turned_row(), outputs = map.channels;
    int64_t chunks = plan.pixels / kChunk, first_row = image * layer.height + top;
    // Pixels that follow each other in the map as in the strip.
    int64_t begin = first_row * map.width, all = plan.width == map.width ? rows * map.width : 0;
    all = std::clamp<int64_t>(map.pixels - begin, 0, all);
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      bf16 *place = to + chunk * kChunk;
      if ((chunk + 1) * kChunk <= all) {
        const bf16 *pixels = map.data + (begin + chunk * kChunk) * outputs;
        for (int64_t o = 0; o < outputs; o += kLane) {
          turn_block(pixels + o, outputs, place + o * line);
        }
        continue;
      }
      for (int64_t o = 0; o < outputs; o += kLane) {
        alignas(64) bf16 gathered[kChunk * kLane] = {};
        for (int64_t i = 0; i < kChunk; i++) {
          int64_t at = chunk * kChunk + i, row = at / plan.width;
          const bf16 *pixel =
              row < rows ? map.pixel(first_row + row, at % plan.width) : nullptr;
          if (pixel) std::memcpy(gathered + i * kLane, pixel + o, 2 * kLane);
        }
        turn_block(gathered, kLane, place + o * line);
      }
    }
    for (int64_t s = 1; s < int64_t(plan.shifts.size()); s++) {
      bf16 *moved = to + s * plan.turned_size();
      for (int64_t o = 0; o < outputs; o++) {
        const bf16 *from = to + o * line + plan.shifts[s];
        for (int64_t chunk = 0; chunk < chunks; chunk++) {
          __m512i values = _mm512_maskz_loadu_epi16(masks[s][chunk], from + chunk * kChunk);
          _mm512_store_si512(moved + o * line + chunk * kChunk, values);
        }
      }
    }
  }

  // 16 channels of 32 pixels, which lie `step` numbers apart, become 16 rows of 32 pixels.
  CT_TILES CT_INLINE void turn_block(const bf16 *pixels, int64_t step, bf16 *to) const {
    __m512i a[16], b[16];
    CT_UNROLL for (int i = 0; i < 16; i++) {
      a[i] = paired(lane(pixels + 2 * i * step), lane(pixels + (2 * i + 1) * step));
    }
    // A square of 16 × 16 pairs is turned: pairs of rows, fours, then quarters of registers.
    CT_UNROLL for (int i = 0; i < 16; i += 2) {
      b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
      b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
    }
    CT_UNROLL for (int i = 0; i < 16; i += 4) {
      a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
      a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
      a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
      a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    CT_UNROLL for (int i = 0; i < 4; i++) {
      __m512i low = _mm512_shuffle_i32x4(a[i], a[i + 4], 0x88);
      __m512i low_odd = _mm512_shuffle_i32x4(a[i], a[i + 4], 0xdd);
      __m512i high = _mm512_shuffle_i32x4(a[i + 8], a[i + 12], 0x88);
      __m512i high_odd = _mm512_shuffle_i32x4(a[i + 8], a[i + 12], 0xdd);
      b[i] = _mm512_shuffle_i32x4(low, high, 0x88);
      b[i + 8] = _mm512_shuffle_i32x4(low, high, 0xdd);
      b[i + 4] = _mm512_shuffle_i32x4(low_odd, high_odd, 0x88);
      b[i + 12] = _mm512_shuffle_i32x4(low_odd, high_odd, 0xdd);
    }
    int64_t line = plan.turned_row();
    CT_UNROLL for (int i = 0; i < 16; i++) _mm512_store_si512(to + i * line, b[i]);
  }

  // ----------------------------------------------------------------------------- sums

  // Adds to M × N tiles of sums.
  template <int M, int N>
  CT_TILES CT_INLINE void add(const bf16 *const *turned, const bf16 *const *input, int64_t images,
                              int64_t chunks, float *const *places, bool fresh) const {
    static_assert(M * N <= 4 && M <= 3 && N <= 2, "tiles 0 to 3 hold sums");
    // The sums of the row i and the column j are tile i N + j.
    if (fresh) {
      _tile_zero(0);
      if (M * N > 1) _tile_zero(1);
      if (M * N > 2) _tile_zero(2);
      if (M * N > 3) _tile_zero(3);
    } else {
      _tile_loadd(0, places[0], 64);
      if (M * N > 1) _tile_loadd(1, places[1], 64);
      if (M * N > 2) _tile_loadd(2, places[2], 64);
      if (M * N > 3) _tile_loadd(3, places[3], 64);
    }
    int64_t line = 2 * plan.turned_row(), image_pairs = plan.image_pairs() * 32;
    for (int64_t image = 0; image < images; image++) {
      int64_t g = image * plan.pixels, x = image * image_pairs;
      for (int64_t chunk = 0; chunk < chunks; chunk++, g += kChunk, x += kTile) {
        _tile_loadd(6, input[0] + x, 64);
        if (N == 2) _tile_loadd(7, input[1] + x, 64);
        _tile_loadd(4, turned[0] + g, line);
        _tile_dpbf16ps(0, 4, 6);
        if (N == 2) _tile_dpbf16ps(1, 4, 7);
        if (M > 1) {
          _tile_loadd(5, turned[1] + g, line);
          if (N == 2) {
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
          } else {
            _tile_dpbf16ps(1, 5, 6);
          }
        }
        if (M > 2) {
          _tile_loadd(7, turned[2] + g, line);
          _tile_dpbf16ps(2, 7, 6);
        }
      }
    }
    _tile_stored(0, places[0], 64);
    if (M * N > 1) _tile_stored(1, places[1], 64);
    if (M * N > 2) _tile_stored(2, places[2], 64);
    if (M * N > 3) _tile_stored(3, places[3], 64);
  }

  CT_TILES void multiply(const bf16 *turned, const bf16 *input, int64_t images, int64_t chunks,
                         bool fresh) const {
    int64_t kernel = plan.layer.kernel, results = plan.results(), size = plan.block_size();
    for (size_t parity = 0; parity < plan.columns.size(); parity++, input += size * blocks) {
      const std::vector<Column> &columns = plan.columns[parity];
      // The rows of tiles: the results of each column of the kernel.
      int64_t rows = results * int64_t(columns.size());
      for (int64_t row = 0; row < rows;) {
        int64_t height = blocks == 1 && rows - row >= 3 ? 3 : std::min<int64_t>(2, rows - row);
        const bf16 *left[3];
        int64_t kx[3], result[3];
        for (int64_t i = 0; i < height; i++) {
          const Column &column = columns[(row + i) / results];
          kx[i] = column.kx, result[i] = (row + i) % results;
          left[i] = turned + column.shifted * plan.turned_size() +
                    result[i] * kLane * plan.turned_row();
        }
        for (int64_t ky = 0; ky < kernel; ky++) {
          // With stride 2 the middle row of the kernel meets even rows, and the middle column columns.
          int64_t shift = plan.first_row(ky) * plan.width * 16;
          for (int64_t block = 0; block < blocks; block += 2) {
            int64_t width = std::min<int64_t>(2, blocks - block);
            const bf16 *right[2] = {input + block * size + shift, input + (block + 1) * size + shift};
            float *places[4];
            for (int64_t i = 0; i < height * width; i++) {
              int64_t at = (ky * kernel + kx[i / width]) * results + result[i / width];
              places[i] =
                  sums + (at * plan.blocks() + first_block + block + i % width) * kSums;
            }
            add_sized(height, width, left, right, images, chunks, places, fresh);
          }
        }
        row += height;
      }
    }
  }

  CT_TILES CT_INLINE void add_sized(int64_t height, int64_t width, const bf16 *const *left,
                                    const bf16 *const *right, int64_t images, int64_t chunks,
                                    float *const *places, bool fresh) const {
    if (width == 2) {
      if (height == 2) return add<2, 2>(left, right, images, chunks, places, fresh);
      return add<1, 2>(left, right, images, chunks, places, fresh);
    }
    if (height == 3) return add<3, 1>(left, right, images, chunks, places, fresh);
    if (height == 2) return add<2, 1>(left, right, images, chunks, places, fresh);
    add<1, 1>(left, right, images, chunks, places, fresh);
  }
};

// Adds up the parts' sums for one output, and puts them where the gradient [O, C, ky, kx] has them,
// whatever its memory order.
CT_TILES void add_up(const Plan &plan, const float *sums, int64_t size, int64_t output,
                     const at::Tensor &result) {
  int64_t kernel = plan.layer.kernel, by_input = result.stride(1);
  float *to = result.mutable_data_ptr<float>() + output * result.stride(0);
  for (int64_t ky = 0; ky < kernel; ky++) {
    for (int64_t kx = 0; kx < kernel; kx++) {
      int64_t tile = ((ky * kernel + kx) * plan.results() + output / kLane) * plan.blocks();
      const float *from = sums + tile * kSums + output % kLane * kLane;
      float *place = to + ky * result.stride(2) + kx * result.stride(3);
      for (int64_t block = 0; block < plan.blocks(); block++, from += kSums) {
        __m512 sum = _mm512_loadu_ps(from);
        for (int64_t part = 1; part < plan.unit_parts; part++) {
          sum = _mm512_add_ps(sum, _mm512_loadu_ps(from + part * size));
        }
        if (by_input == 1) {
          _mm512_storeu_ps(place, sum);
          place += kLane;
          continue;
        }
        float values[kLane];
        _mm512_storeu_ps(values, sum);
        for (int64_t j = 0; j < kLane; j++, place += by_input) *place = values[j];
      }
    }
  }
}

}  // namespace

at::Tensor weight_gradient_tiles(const at::Tensor &gradient, const at::Tensor &input,
                                 const at::Tensor &weight, int64_t stride) {
  Plan plan(Layer::of(input, gradient, weight.size(2), stride));
  int64_t size = weight.numel();
  at::Tensor sums = at::empty({plan.unit_parts, size}, at::kFloat);
  auto piece_of = [&](int64_t part) {
    int64_t channels = part % plan.channel_parts, units = part / plan.channel_parts;
    int64_t first = plan.blocks() * channels / plan.channel_parts;
    return Piece{plan,
                 first,
                 plan.blocks() * (channels + 1) / plan.channel_parts - first,
                 plan.units() * units / plan.unit_parts,
                 plan.units() * (units + 1) / plan.unit_parts,
                 sums.mutable_data_ptr<float>() + units * size};
  };
  int64_t pieces = plan.channel_parts * plan.unit_parts, room = 0;
  for (int64_t part = 0; part < plan.channel_parts; part++) {
    room = std::max(room, piece_of(part).scratch_size());
  }
  Scratch scratch(room);
  for_pieces(
      pieces,
      [&](int64_t part, int64_t, int64_t, int64_t slot) { piece_of(part).run(scratch.of(slot)); },
      pieces);
  at::Tensor result = at::empty_like(weight, at::kFloat);
  for_pieces(plan.layer.gradient.channels, [&](int64_t, int64_t begin, int64_t end, int64_t) {
    for (int64_t o = begin; o < end; o++) {
      add_up(plan, sums.const_data_ptr<float>(), size, o, result);
    }
  });
  return result;
}

}  // namespace ct

#else

at::Tensor ct::weight_gradient_tiles(const at::Tensor &, const at::Tensor &, const at::Tensor &,
                                     int64_t) {
  ct::refuse_tiles();
}

#endif
