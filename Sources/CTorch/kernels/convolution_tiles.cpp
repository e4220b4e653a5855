// Convolution in bfloat16 on the matrix unit (AMX), with bias, addition and ReLU behind it, and the gradient
// of its input. What lies where in the buffers is in convolution_places.h.
#include "convolution_places.h"
#include "convolution_windows.h"

#if defined(__x86_64__)

namespace ct {
namespace {

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
  // Where the numbers of each step lie from a place's own, for each part of the results.
  std::vector<std::vector<int64_t>> shifts;

  void prepare() {
    for (int64_t row = 0; row < at.rows; row++) {
      for (int64_t k = 0; k < at.tiles_of_row(); k++) {
        tiles.push_back({row * at.row_step * at.row_size() + k * kTileRows * at.place_size(),
                         row * at.y_step * at.width * at.outputs, k * kTileRows});
      }
    }
    whole = places(at.group), last = places(at.images - (at.groups() - 1) * at.group);
    for (const Results &part : at.results) {
      shifts.emplace_back();
      for (const Step &step : part.steps) {
        shifts.back().push_back(step.row * at.row_size() + step.column * at.column_size() +
                                step.offset);
      }
    }
  }

  std::vector<int64_t> places(int64_t images_there) const {
    // Whole tiles of them.
    std::vector<int64_t> result(at.tiles_of_row() * kTileRows, -1);
    for (int64_t i = 0; i < at.places * at.group; i++) {
      int64_t image = i % at.group, x = i / at.group * at.x_step;
      if (image < images_there) result[i] = (image * at.height * at.width + x) * at.outputs;
    }
    return result;
  }
};

// ------------------------------------------------------------------------------- the buffer

// Copies a row of pixels behind a border of zeros, where neighbouring numbers stay neighbours.
CT_TILES CT_INLINE void copy_row(const bf16 *from, int64_t count, int64_t border, bf16 *to) {
  int64_t shift = border % 32, i = 0;
  to += border - shift;
  if (shift) {
    // The line that holds the end of the border.
    int64_t there = std::min<int64_t>(count, 32 - shift);
    __mmask32 mask = ((1u << there) - 1) << shift;
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
    bottom = std::min(at.grid_height, top + at.rows);
    rows = at.buffer_rows(bottom - top) * images;
  }

  // What no copy reaches: columns left and right of the images, and channels that fill up tiles.
  CT_TILES static void clear_borders(const Layout &at, bf16 *buffer) {
    if (at.gathers) return;
    if (at.pixel_size != at.inputs) {
      std::memset(buffer, 0, 2 * at.buffer_size());
      return;
    }
    int64_t column = at.column_size(), end = at.row_size();
    int64_t right = (at.in_width + at.border) / at.pixels * column;
    for (int64_t row = 0; row < at.buffer_rows(at.rows); row++, buffer += end) {
      if (at.border) std::memset(buffer, 0, 2 * column);
      std::memset(buffer + right, 0, 2 * (end - right));
    }
  }

  CT_TILES CT_INLINE void copy_next() {
    const Layout &at = work->at;
    int64_t row = next / images, image = next % images;
    int64_t y = (top * at.row_step + row - at.border) * at.pick;
    bf16 *to = buffer + row * at.row_size();
    next++;
    if (y < 0 || y >= at.in_height) {
      // Once for all images.
      if (image == 0) std::memset(to, 0, 2 * at.row_size());
      return;
    }
    const bf16 *from =
        work->input + ((first_image + image) * at.in_height + y) * at.in_width * at.inputs;
    if (at.gathers) {
      return Windows{at.in_height, at.in_width, at.inputs, at.pick}.copy(
          from, y, to + image * at.place_size(), at.column_size());
    }
    if (at.group == 1 && at.pixel_size == at.inputs) {
      return copy_row(from, at.in_width * at.inputs, at.border * at.inputs, to);
    }
    to += image * at.place_size();
    for (int64_t x = 0; x < at.in_width; x++, from += at.inputs) {
      int64_t pixel = x + at.border;
      bf16 *place = to + pixel / at.pixels * at.column_size() + pixel % at.pixels * at.pixel_size;
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

// ------------------------------------------------------------------------------- one strip

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
  // The first number in the output of the strip's first place.
  int64_t base;
  const int64_t *places;
  // How many places of a row have the pixel of the first tile of results, and of the second one.
  int64_t first_there, second_there;

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
    int64_t start = base + tile.output;
    if (at.group == 1 && first_there == second_there) {
      int64_t step = at.outputs * at.x_step, end = first_there - tile.first;
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
    int64_t end = std::min(at.group * at.places - tile.first, kTileRows);
    for (int64_t r = 0; r < end; r++) {
      int64_t place = places[tile.first + r], x = (tile.first + r) / at.group;
      if (place < 0 || x >= first_there) continue;
      write(values + 16 * r, start + place, N == 2 && x < second_there);
    }
  }
};

// The sums of two tiles of places times N tiles of results. A second tile may be the first again. The
// matrix unit is what takes time: after each step, between() does a part of other work.
template <int N, typename Between>
CT_TILES CT_INLINE void multiply(const Layout &at, const std::vector<int64_t> &shifts,
                                 const bf16 *first, const bf16 *second, const bf16 *weight,
                                 const float *bias, float *sums, const Between &between) {
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
  int64_t stride = 2 * at.place_size();
  for (int64_t shift : shifts) {
    _tile_loadd(6, weight, 64);
    if (N == 2) _tile_loadd(7, weight + kTile, 64);
    _tile_loadd(4, first + shift, stride);
    _tile_dpbf16ps(0, 4, 6);
    if (N == 2) _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, second + shift, stride);
    _tile_dpbf16ps(2, 5, 6);
    if (N == 2) _tile_dpbf16ps(3, 5, 7);
    weight += N * kTile;
    between();
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
  int64_t steps = 0;
  // What is due of the coming rows, in steps.
  int64_t due = 0;

  Strip(const Work &work, const Filling &filled, Filling *coming, const int64_t *places)
      : work(work), filled(filled), coming(coming), places(places) {
    for (const Results &part : work.at.results) {
      steps += (count(part) + 1) / 2 * ((part.tiles + 1) / 2) * int64_t(part.steps.size());
    }
  }

  // Tiles of places that have pixels of these results: the last row may have none.
  int64_t count(const Results &part) const {
    const Layout &at = work.at;
    int64_t there = (at.height - part.y + at.y_step - 1) / at.y_step;
    return (std::min(filled.bottom, there) - filled.top) * work.at.tiles_of_row();
  }

  // How many places of a row have a pixel of the tile.
  int64_t there(const Results &part, int64_t tile) const {
    const Layout &at = work.at;
    int64_t first = part.x + tile * kLane / at.outputs;
    return (at.width - first + at.x_step - 1) / at.x_step;
  }

  // The tile of results `tile` and N - 1 behind it.
  template <int N, bool adds, bool relu>
  CT_TILES void run(size_t index, int64_t tile, const bf16 *weight) {
    const Layout &at = work.at;
    const Results &part = at.results[index];
    const std::vector<int64_t> &shifts = work.shifts[index];
    int64_t row = filled.first_image * at.height + filled.top * at.y_step + part.y;
    int64_t base = (row * at.width + part.x) * at.outputs + tile * kLane;
    Finish<N, adds, relu> finish{at,     work.addend,       work.output, base,
                                 places, there(part, tile), there(part, tile + N - 1)};
    Sums sums[2];
    // The second pixel's channels follow the first's.
    int64_t channel = tile * kLane % at.outputs;
    const float *bias = work.bias ? work.bias + channel : nullptr;
    alignas(64) float joined[32];
    if (bias && N == 2 && channel + kLane >= at.outputs) {
      std::memcpy(joined, bias, 64);
      std::memcpy(joined + kLane, work.bias, 64);
      bias = joined;
    }
    int64_t half = int64_t(shifts.size()) / 2, current = 0;
    for (int64_t t = 0; t < count(part); t += 2, current ^= 1) {
      Sums &own = sums[current], &former = sums[current ^ 1];
      own.tiles = &work.tiles[t], own.count = std::min<int64_t>(2, count(part) - t);
      int64_t step = 0;
      multiply<N>(at, shifts, filled.buffer + own.tiles[0].buffer,
                  filled.buffer + own.tiles[own.count - 1].buffer, weight, bias, own.values,
                  [&]() CT_TILES {
                    if (step == 0 && former.count > 0) finish.tile(former, 0);
                    if (step == half && former.count > 1) finish.tile(former, 1);
                    step++;
                    if (!coming) return;
                    for (due += coming->rows; due >= steps; due -= steps) coming->copy_next();
                  });
      // Zeros alone, without a step to write them in.
      if (shifts.empty()) write(finish, own), own.count = 0;
    }
    write(finish, sums[current ^ 1]);
  }

  template <typename Finish>
  CT_TILES CT_INLINE static void write(const Finish &finish, const Sums &sums) {
    for (int64_t i = 0; i < sums.count; i++) finish.tile(sums, i);
  }

  template <int N>
  CT_TILES void run(size_t index, int64_t tile, const bf16 *weight) {
    if (work.addend) {
      if (work.relu) return run<N, true, true>(index, tile, weight);
      return run<N, true, false>(index, tile, weight);
    }
    if (work.relu) return run<N, false, true>(index, tile, weight);
    run<N, false, false>(index, tile, weight);
  }

  CT_TILES void run() {
    const bf16 *weight = work.weight;
    for (size_t index = 0; index < work.at.results.size(); index++) {
      const Results &part = work.at.results[index];
      int64_t size = int64_t(part.steps.size()) * kTile, tile = 0;
      for (; tile + 2 <= part.tiles; tile += 2) run<2>(index, tile, weight + tile * size);
      if (tile < part.tiles) run<1>(index, tile, weight + tile * size);
      weight += part.weights_size();
    }
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
    bool is_last = unit / at.strips() + 1 == at.groups();
    Strip(w, filled, unit + 1 < end ? &coming : nullptr, is_last ? w.last.data() : w.whole.data())
        .run();
    filled = coming;
  }
}

}  // namespace

void convolve_tiles(const Form &form, const at::Tensor &x, const at::Tensor &packed,
                    const float *bias, const bf16 *addend, bool relu, const at::Tensor &y) {
  const at::Tensor &larger = form.gradient ? y : x;
  Work w{Layout(form, x.size(0), larger.size(2), larger.size(3), x.size(1), y.size(1)),
         rows(x),
         rows(packed),
         bias,
         addend,
         relu,
         mutable_rows(y),
         {},
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

void ct::convolve_tiles(const Form &, const at::Tensor &, const at::Tensor &, const float *,
                        const bf16 *, bool, const at::Tensor &) {
  ct::refuse_tiles();
}

#endif
