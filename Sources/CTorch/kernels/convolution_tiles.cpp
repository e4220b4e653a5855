// 3×3 convolution with stride 1 and padding 1 in bfloat16 on the matrix unit (AMX), with bias, addition
// and ReLU behind it.
//
// A strip of rows is copied with a border of zeros into a buffer that stays in the cache. There the
// channels of 16 neighbouring places are a tile whose rows are whole cache lines, for each place of the
// kernel. Maps that are narrower than a tile lie side by side in the buffer, image by image within each
// column. Where there are 16 channels, two neighbouring pixels are one place of 32 channels, and the
// kernel is one of 3×2 such places with twice the results.
#include "tiles.h"

#if defined(__x86_64__)

namespace ct {
namespace {

// ------------------------------------------------------------------------------- layout

// How a map lies in the buffer: a function of the shapes alone.
struct Layout {
  // Of the convolution.
  int64_t images, height, width, inputs, outputs;
  // Whether two pixels are one place.
  bool paired;
  // Channels of a place, and places of a row of results.
  int64_t channels, places;
  // Columns of the kernel in places, and tiles of results for a place.
  int64_t columns, results;
  // How many images lie side by side, and how many rows a strip has.
  int64_t group, rows;

  Layout(int64_t images, int64_t height, int64_t width, int64_t inputs, int64_t outputs)
      : images(images), height(height), width(width), inputs(inputs), outputs(outputs) {
    paired = inputs == 16;
    channels = (inputs + 31) / 32 * 32;
    places = paired ? (width + 1) / 2 : width;
    columns = paired ? 2 : 3;
    results = outputs / 16 * (paired ? 2 : 1);
    group = 1;
    for (int64_t g = 2; g <= std::min<int64_t>(images, 16); g++) {
      // More places of whole tiles, by a twentieth at least.
      if (waste(g) * 20 < waste(group) * 19) group = g;
    }
    // Half of the first cache.
    constexpr int64_t room = 24 * 1024;
    rows = std::clamp<int64_t>(room / (2 * row_size()) - 2, 4, height);
    rows = (height + strips() - 1) / strips();
  }

  double waste(int64_t g) const {
    int64_t used = g * places;
    return double((used + 15) / 16 * 16) / double(used);
  }
  int64_t groups() const { return (images + group - 1) / group; }
  int64_t strips() const { return (height + rows - 1) / rows; }
  int64_t units() const { return groups() * strips(); }
  int64_t tiles_of_row() const { return (group * places + 15) / 16; }
  // Numbers from one column to the next, and from one row to the next.
  int64_t column_size() const { return group * channels; }
  int64_t row_size() const { return (places + columns - 1) * column_size(); }
  // The last tile of a row may read beyond it.
  int64_t buffer_size() const { return (rows + 2) * row_size() + kTileRows * channels; }
  int64_t scratch_size() const { return 2 * buffer_size(); }
  // Tiles of weights for a tile of results.
  int64_t depth() const { return 3 * columns * (channels / 32); }
  int64_t weights_size() const { return results * depth() * kTile; }
};

// ------------------------------------------------------------------------------- one strip

// Sixteen places of a row of results.
struct Place {
  // Where they begin in the buffer, where their row begins in the output from the strip's first one,
  // and which they are of the row's places.
  int64_t buffer, output, first;
};

struct Work {
  Layout at;
  const bf16 *input, *weight;
  // [O], or null.
  const float *bias;
  const bf16 *addend;
  bool relu;
  bf16 *output;
  std::vector<Place> tiles;
  // Where the results of each place of a row go, from the group's first pixel of the row: of a whole
  // group, and of the last one. Those of images that are not there are below zero.
  std::vector<int64_t> whole, last;

  void prepare() {
    for (int64_t row = 0; row < at.rows; row++) {
      for (int64_t k = 0; k < at.tiles_of_row(); k++) {
        tiles.push_back({row * at.row_size() + k * kTileRows * at.channels,
                         row * at.width * at.outputs, k * kTileRows});
      }
    }
    whole = places(at.group), last = places(at.images - (at.groups() - 1) * at.group);
  }

  std::vector<int64_t> places(int64_t images_there) const {
    // Whole tiles of them.
    std::vector<int64_t> result(at.tiles_of_row() * kTileRows, -1);
    for (int64_t i = 0; i < at.places * at.group; i++) {
      int64_t image = i % at.group, x = i / at.group * (at.paired ? 2 : 1);
      if (image < images_there) result[i] = (image * at.height * at.width + x) * at.outputs;
    }
    return result;
  }
};

// Copies a row of pixels behind a border of zeros, where neighbouring numbers stay neighbours.
CT_TILES CT_INLINE void copy_row(const bf16 *from, int64_t count, int64_t border, bf16 *to) {
  int64_t shift = border % 32, i = 0;
  to += border - shift;
  if (shift) {
    // The line that holds the end of the border.
    int64_t there = std::min<int64_t>(count, 32 - shift);
    __mmask32 mask = (there == 32 ? ~0u : (1u << there) - 1) << shift;
    _mm512_store_si512(to, _mm512_maskz_loadu_epi16(mask, from - shift));
    i = 32 - shift, to += 32;
  }
  for (; i + 32 <= count; i += 32, to += 32) _mm512_store_si512(to, _mm512_loadu_si512(from + i));
  if (i < count) _mm512_store_si512(to, _mm512_maskz_loadu_epi16((1u << (count - i)) - 1, from + i));
}

// A strip of a group of images on its way into a buffer, row by row.
struct Filling {
  const Work *work;
  int64_t first_image, images, top, bottom;
  bf16 *buffer;
  // Rows of single images, from the strip's first row; and the next one.
  int64_t rows = 0, next = 0;

  Filling(const Work &w, int64_t unit, bf16 *buffer) : work(&w), buffer(buffer) {
    const Layout &at = w.at;
    first_image = unit / at.strips() * at.group;
    images = std::min(at.group, at.images - first_image);
    top = unit % at.strips() * at.rows;
    bottom = std::min(at.height, top + at.rows);
    rows = (bottom - top + 2) * images;
  }

  // What no copy reaches: columns left and right of the images, and channels that fill up tiles.
  CT_TILES static void clear_borders(const Layout &at, bf16 *buffer) {
    if (!at.paired && at.inputs != at.channels) {
      std::memset(buffer, 0, 2 * at.buffer_size());
      return;
    }
    int64_t column = at.column_size(), end = at.row_size();
    int64_t right = (at.paired ? (at.width + 1) / 2 : at.width + 1) * column;
    for (int64_t row = 0; row < at.rows + 2; row++, buffer += end) {
      std::memset(buffer, 0, 2 * column);
      std::memset(buffer + right, 0, 2 * (end - right));
    }
  }

  CT_TILES CT_INLINE void copy_next() {
    const Layout &at = work->at;
    int64_t row = next / images, image = next % images, y = top - 1 + row;
    bf16 *to = buffer + row * at.row_size();
    next++;
    if (y < 0 || y >= at.height) {
      // Once for all images.
      if (image == 0) std::memset(to, 0, 2 * at.row_size());
      return;
    }
    const bf16 *from =
        work->input + ((first_image + image) * at.height + y) * at.width * at.inputs;
    if (at.group == 1 && (at.paired || at.inputs == at.channels)) {
      copy_row(from, at.width * at.inputs, at.inputs, to);
      return;
    }
    to += image * at.channels;
    for (int64_t x = 1; x <= at.width; x++, from += at.inputs) {
      bf16 *place =
          to + (at.paired ? (x >> 1) * at.column_size() + (x & 1) * 16 : x * at.column_size());
      for (int64_t c = 0; c < at.inputs; c += 16) {
        _mm256_storeu_si256((__m256i *)(place + c),
                            _mm256_loadu_si256((const __m256i *)(from + c)));
      }
    }
  }

  CT_TILES void copy_rest() {
    while (next < rows) copy_next();
  }
};

// One or two tiles of places times N tiles of results, whose sums have been stored.
struct Sums {
  alignas(64) float values[4 * 256];
  const Place *tiles;
  int64_t count = 0;
};

// Behind the sums of a strip: addition, ReLU and rounding.
template <int N, bool adds, bool relu>
struct Finish {
  const Layout &at;
  const bf16 *addend;
  bf16 *output;
  // The strip's first number in the output, and the first tile of results.
  int64_t base, result;
  const int64_t *places;

  CT_TILES CT_INLINE __m512 lane(const float *sums, int64_t to) const {
    __m512 value = _mm512_load_ps(sums);
    if (adds) {
      value = _mm512_add_ps(value, widened(addend + to));
    }
    // In this order what is not a number stays so.
    return relu ? _mm512_max_ps(_mm512_setzero_ps(), value) : value;
  }

  CT_TILES CT_INLINE void write(const float *values, int64_t to, bool second) const {
    __m512 value = lane(values, to);
    if (second) {
      __m512 next = lane(values + 256, to + 16);
      _mm512_storeu_si512(output + to, (__m512i)_mm512_cvtne2ps_pbh(next, value));
    } else {
      _mm256_storeu_si256((__m256i *)(output + to), (__m256i)_mm512_cvtneps_pbh(value));
    }
  }

  // Writes the first or the second tile of places.
  CT_TILES CT_INLINE void tile(const Sums &sums, int64_t index) const {
    const Place &tile = sums.tiles[index];
    const float *values = sums.values + index * 512;
    int64_t start = base + tile.output + result * 16;
    int64_t step = at.outputs << at.paired, end = at.group * at.places - tile.first;
    bool odd = at.paired && (at.width & 1);
    if (at.group == 1 && !odd) {
      start += tile.first * step;
      if (end >= kTileRows) {
        CT_UNROLL for (int64_t r = 0; r < kTileRows; r++) {
          write(values + 16 * r, start + r * step, N == 2);
        }
        return;
      }
      for (int64_t r = 0; r < end; r++) write(values + 16 * r, start + r * step, N == 2);
      return;
    }
    end = std::min(end, kTileRows);
    for (int64_t r = 0; r < end; r++) {
      int64_t place = places[tile.first + r];
      if (place < 0) continue;
      bool second = N == 2;
      if (odd && (tile.first + r) / at.group == at.places - 1) {
        // Results beyond the first pixel's are those of a second one, which is not there.
        if (result * 16 >= at.outputs) continue;
        second = second && (result + 1) * 16 < at.outputs;
      }
      write(values + 16 * r, start + place, second);
    }
  }
};

// The sums of two tiles of places times N tiles of results. A second tile may be the first again. The
// matrix unit is what takes time: after each step, between() does a part of other work.
template <int N, typename Between>
CT_TILES CT_INLINE void multiply(const Layout &at, const bf16 *first, const bf16 *second,
                                 const bf16 *weight, const float *bias, float *sums,
                                 const Between &between) {
  if (bias) {
    _tile_loadd(0, bias, 0);
    _tile_loadd(2, bias, 0);
    if (N == 2) _tile_loadd(1, bias + 16, 0);
    if (N == 2) _tile_loadd(3, bias + 16, 0);
  } else {
    _tile_zero(0);
    _tile_zero(2);
    if (N == 2) _tile_zero(1);
    if (N == 2) _tile_zero(3);
  }
  int64_t stride = 2 * at.channels, row_size = at.row_size(), column_size = at.column_size();
  for (int64_t ky = 0; ky < 3; ky++) {
    for (int64_t kx = 0; kx < at.columns; kx++) {
      int64_t shift = ky * row_size + kx * column_size;
      for (int64_t c = 0; c < at.channels; c += 32, weight += N * kTile) {
        _tile_loadd(6, weight, 64);
        if (N == 2) _tile_loadd(7, weight + kTile, 64);
        _tile_loadd(4, first + shift + c, stride);
        _tile_dpbf16ps(0, 4, 6);
        if (N == 2) _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, second + shift + c, stride);
        _tile_dpbf16ps(2, 5, 6);
        if (N == 2) _tile_dpbf16ps(3, 5, 7);
        between();
      }
    }
  }
  _tile_stored(0, sums, 64);
  if (N == 2) _tile_stored(1, sums + 256, 64);
  _tile_stored(2, sums + 512, 64);
  if (N == 2) _tile_stored(3, sums + 768, 64);
}

// A strip at work, while the next one comes into its buffer.
struct Strip {
  const Work &work;
  const Filling &filled;
  Filling *coming;
  const int64_t *places;
  // Steps of all products of the strip.
  int64_t steps;
  // What is due of the coming rows, in steps.
  int64_t due = 0;

  int64_t count() const { return (filled.bottom - filled.top) * work.at.tiles_of_row(); }

  template <int N, bool adds, bool relu>
  CT_TILES void run(int64_t result, const bf16 *weight) {
    const Layout &at = work.at;
    int64_t base = (filled.first_image * at.height + filled.top) * at.width * at.outputs;
    Finish<N, adds, relu> finish{at, work.addend, work.output, base, result, places};
    Sums sums[2];
    // Paired, the second pixel's channels follow the first's.
    int64_t channel = result * 16 % at.outputs;
    const float *bias = work.bias ? work.bias + channel : nullptr;
    alignas(64) float joined[32];
    if (bias && N == 2 && channel + 16 >= at.outputs) {
      std::memcpy(joined, bias, 64);
      std::memcpy(joined + 16, work.bias, 64);
      bias = joined;
    }
    int64_t depth = at.depth(), current = 0;
    for (int64_t t = 0; t < count(); t += 2, current ^= 1) {
      Sums &own = sums[current], &former = sums[current ^ 1];
      own.tiles = &work.tiles[t], own.count = std::min<int64_t>(2, count() - t);
      int64_t step = 0, half = depth / 2;
      multiply<N>(at, filled.buffer + own.tiles[0].buffer,
                  filled.buffer + own.tiles[own.count - 1].buffer, weight, bias, own.values,
                  [&]() CT_TILES {
                    if (step == 0 && former.count > 0) finish.tile(former, 0);
                    if (step == half && former.count > 1) finish.tile(former, 1);
                    step++;
                    if (!coming) return;
                    for (due += coming->rows; due >= steps; due -= steps) coming->copy_next();
                  });
    }
    const Sums &last = sums[current ^ 1];
    for (int64_t i = 0; i < last.count; i++) finish.tile(last, i);
  }

  template <int N>
  CT_TILES void run(int64_t result, const bf16 *weight) {
    if (work.addend) {
      if (work.relu) return run<N, true, true>(result, weight);
      return run<N, true, false>(result, weight);
    }
    if (work.relu) return run<N, false, true>(result, weight);
    run<N, false, false>(result, weight);
  }
};

CT_TILES void run_units(const Work &w, int64_t begin, int64_t end, bf16 *scratch) {
  const Layout &at = w.at;
  Tiles tiles;
  bf16 *buffers[2] = {scratch, scratch + at.buffer_size()};
  for (bf16 *buffer : buffers) Filling::clear_borders(at, buffer);
  Filling filled(w, begin, buffers[0]);
  filled.copy_rest();
  for (int64_t unit = begin; unit < end; unit++) {
    Filling coming(w, unit + 1, buffers[(unit + 1 - begin) % 2]);
    Strip strip{w, filled, unit + 1 < end ? &coming : nullptr,
                unit / at.strips() + 1 == at.groups() ? w.last.data() : w.whole.data(), 0};
    strip.steps = (strip.count() + 1) / 2 * ((at.results + 1) / 2) * at.depth();
    const bf16 *weight = w.weight;
    int64_t result = 0;
    for (; result + 2 <= at.results; result += 2, weight += at.depth() * 2 * kTile) {
      strip.run<2>(result, weight);
    }
    if (result < at.results) strip.run<1>(result, weight);
    filled = coming;
  }
}

// ------------------------------------------------------------------------------- weights

// The weight for a place of the kernel as places count; zero where no pixel meets.
CT_INLINE float weight_at(const Taps &taps, const Layout &at, int64_t result, int64_t lane,
                          int64_t ky, int64_t column, int64_t c) {
  int64_t kx = column, output = result * 16 + lane, input = c;
  if (at.paired) {
    int64_t pixel = output / at.outputs;
    output %= at.outputs;
    kx = 2 * column + c / 16 - pixel;
    input = c % 16;
  }
  if (kx < 0 || kx > 2 || input >= at.inputs) return 0;
  return taps.at(output, input, ky, kx);
}

// Sixteen numbers, each rounded to bfloat16 in the low half of its lane, as `rounded` has it.
CT_TILES inline __m512i rounded16(const float *from) {
  __m512 value = _mm512_loadu_ps(from);
  __m512i bits = _mm512_castps_si512(value);
  __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  __m512i sum = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
  __mmask16 is_nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  return _mm512_mask_mov_epi32(_mm512_srli_epi32(sum, 16), is_nan, _mm512_set1_epi32(0x7FC0));
}

// A tile [16][16][2] of 32 inputs by 16 outputs, of which the outputs lie side by side in memory.
CT_TILES void pack_along_outputs(const float *from, int64_t by_input, bf16 *place) {
  for (int64_t row = 0; row < 32; row += 2, place += 32) {
    __m512i low = rounded16(from + row * by_input);
    __m512i high = _mm512_slli_epi32(rounded16(from + (row + 1) * by_input), 16);
    _mm512_storeu_si512(place, _mm512_or_si512(low, high));
  }
}

// The same where the inputs lie side by side.
CT_TILES void pack_along_inputs(const float *from, int64_t by_output, bf16 *place) {
  // A row of the tile is 16 pairs, so that pair k of a lane is 16 pairs behind pair k - 1.
  const __m512i rows = _mm512_setr_epi32(0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192,
                                         208, 224, 240);
  for (int64_t lane = 0; lane < 16; lane++) {
    const float *own = from + lane * by_output;
    __m512i pairs = _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm512_cvtepi32_epi16(rounded16(own))),
        _mm512_cvtepi32_epi16(rounded16(own + 16)), 1);
    _mm512_i32scatter_epi32(place + 2 * lane, rows, pairs, 4);
  }
}

}  // namespace

// Writes the tiles of weights in the order in which they are read:
// [result / 2][ky][column][channel / 32][result % 2][16][16][2].
at::Tensor pack_tiles(const Taps &taps) {
  Layout at(1, 1, 1, taps.inputs, taps.outputs);
  at::Tensor packed = at::empty({at.weights_size()}, at::kBFloat16);
  bf16 *to = mutable_rows(packed);
  int64_t pairs = (at.results + 1) / 2;
  for_pieces(
      pairs,
      [&](int64_t pair, int64_t, int64_t, int64_t) {
        bf16 *place = to + pair * 2 * at.depth() * kTile;
        int64_t end = std::min(at.results, 2 * pair + 2);
        for (int64_t ky = 0; ky < 3; ky++) {
          for (int64_t column = 0; column < at.columns; column++) {
            for (int64_t c = 0; c < at.channels; c += 32) {
              for (int64_t result = 2 * pair; result < end; result++) {
                bool is_whole = !at.paired && c + 32 <= at.inputs;
                const float *from = taps.first + result * 16 * taps.by_output +
                                    c * taps.by_input + ky * taps.by_row + column * taps.by_column;
                if (is_whole && taps.by_input == 1) {
                  pack_along_inputs(from, taps.by_output, place);
                  place += kTile;
                  continue;
                }
                if (is_whole && taps.by_output == 1) {
                  pack_along_outputs(from, taps.by_input, place);
                  place += kTile;
                  continue;
                }
                for (int64_t row = c; row < c + 32; row += 2) {
                  for (int64_t lane = 0; lane < 16; lane++, place += 2) {
                    place[0] = bf16(rounded(weight_at(taps, at, result, lane, ky, column, row)));
                    place[1] =
                        bf16(rounded(weight_at(taps, at, result, lane, ky, column, row + 1)));
                  }
                }
              }
            }
          }
        }
      },
      pairs);
  return packed;
}

int64_t packed_tiles_size(int64_t inputs, int64_t outputs) {
  return Layout(1, 1, 1, inputs, outputs).weights_size();
}

void convolve_tiles(const at::Tensor &x, const at::Tensor &packed, const float *bias,
                    const bf16 *addend, bool relu, const at::Tensor &y) {
  Work w{Layout(x.size(0), x.size(2), x.size(3), x.size(1), y.size(1)),
         rows(x),
         rows(packed),
         bias,
         addend,
         relu,
         mutable_rows(y),
         {},
         {},
         {}};
  w.prepare();
  Scratch scratch(w.at.scratch_size());
  for_pieces(w.at.units(), [&](int64_t, int64_t begin, int64_t end, int64_t slot) {
    run_units(w, begin, end, scratch.of(slot));
  });
}

}  // namespace ct

#else

at::Tensor ct::pack_tiles(const Taps &) { ct::refuse_tiles(); }
int64_t ct::packed_tiles_size(int64_t, int64_t) { return 0; }
void ct::convolve_tiles(const at::Tensor &, const at::Tensor &, const float *, const bf16 *, bool,
                        const at::Tensor &) {
  ct::refuse_tiles();
}

#endif
