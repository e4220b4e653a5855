// The layout of the convolutions on the matrix unit (AMX), and their weights in it.
#include "convolution_places.h"

#include <ATen/ops/empty.h>

#if defined(__x86_64__)

namespace ct {
namespace {

// A step for each row of a window, each column and each tile's width of the sizes[column] numbers there.
std::vector<Step> steps(int64_t rows, const std::vector<int64_t> &sizes) {
  std::vector<Step> result;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t column = 0; column < int64_t(sizes.size()); column++) {
      for (int64_t offset = 0; offset < sizes[column]; offset += kTileColumns) {
        result.push_back({row, column, offset});
      }
    }
  }
  return result;
}

}  // namespace

Layout::Layout(const Form &form, int64_t images, int64_t height, int64_t width, int64_t inputs,
               int64_t outputs)
    : form(form), images(images), in_height(height), in_width(width), inputs(inputs),
      height(height), width(width), outputs(outputs) {
  int64_t small_height = strided(height, form.stride), small_width = strided(width, form.stride);
  pixel_size = (inputs + kTileColumns - 1) / kTileColumns * kTileColumns;
  grid_height = small_height, places = small_width;
  if (form.gradient && form.stride == 2) {
    in_height = small_height, in_width = small_width;
    set_strided_gradient();
  } else {
    this->height = small_height, this->width = small_width;
    set_forward();
  }
  set_strips();
}

void Layout::set_forward() {
  int64_t tiles = outputs / kLane;
  if (inputs <= kMostGathered) {
    gathers = true, pick = form.stride;
    results = {{0, 0, tiles, steps(1, {pixel_size})}};
    return;
  }
  border = 1, window_rows = 3, row_step = form.stride;
  if (form.stride == 2) {
    // Of the second place, the first pixel alone.
    pixels = 2, pixel_size = inputs, window_columns = 2;
    results = {{0, 0, tiles, steps(3, {2 * inputs, inputs})}};
  } else if (inputs == kLane) {
    pixels = 2, pixel_size = inputs, window_columns = 2;
    places = (width + 1) / 2, x_step = 2;
    results = {{0, 0, 2 * tiles, steps(3, {2 * inputs, 2 * inputs})}};
  } else {
    window_columns = 3;
    results = {{0, 0, tiles, steps(3, {pixel_size, pixel_size, pixel_size})}};
  }
}

void Layout::set_strided_gradient() {
  int64_t tiles = outputs / kLane;
  y_step = x_step = 2;
  window_rows = window_columns = form.kernel == 3 ? 2 : 1;
  // An even row or column meets one result's, an odd one two; with a kernel of 1×1, one and none.
  auto sizes = [&](bool odd) {
    int64_t count = form.kernel == 3 ? 1 + odd : 1 - odd;
    return std::vector<int64_t>(count, pixel_size);
  };
  for (int64_t y = 0; y < 2; y++) {
    int64_t window = sizes(y).size();
    if (outputs == kLane) {
      // Two pixels fill a cache line.
      results.push_back({y, 0, 2 * tiles, steps(window, sizes(form.kernel == 3))});
      continue;
    }
    for (int64_t x = 0; x < 2; x++) results.push_back({y, x, tiles, steps(window, sizes(x))});
  }
}

void Layout::set_strips() {
  for (int64_t g = 2; g <= std::min<int64_t>(images, 16); g++) {
    // More places of whole tiles, by a twentieth at least.
    if (waste(g) * 20 < waste(group) * 19) group = g;
  }
  // Half of the first cache.
  constexpr int64_t room = 24 * 1024;
  int64_t most = (room / (2 * row_size()) - window_rows) / row_step + 1;
  rows = std::clamp<int64_t>(most, std::min(4 / row_step, grid_height), grid_height);
  rows = (grid_height + strips() - 1) / strips();
}

double Layout::waste(int64_t g) const {
  int64_t used = g * places;
  return double((used + kTileRows - 1) / kTileRows * kTileRows) / double(used);
}

// ------------------------------------------------------------------------------- weights

namespace {

// Which tap of the kernel a number of the buffer meets.
struct Tap {
  // Below zero where it meets none.
  int64_t ky, kx, input;

  bool meets() const { return ky >= 0; }
};

constexpr Tap kNoTap{-1, -1, 0};

// The tap along one side: of the window's row or column `at`, for a result that is the `pixel`-th of its
// place; below zero where there is none.
int64_t tap_along(const Form &form, int64_t at, int64_t pixel) {
  if (form.kernel == 1) return pixel == 0 ? 0 : -1;
  if (form.gradient && form.stride == 2) {
    if (pixel == 0) return at == 0 ? 1 : -1;
    return at == 0 ? 0 : 2;
  }
  int64_t tap = at - pixel;
  return tap <= 2 ? tap : -1;
}

// The tap of a step's number for the tile `tile` of `results`.
Tap tap_at(const Layout &at, const Results &results, int64_t tile, const Step &step,
           int64_t number) {
  if (at.gathers) {
    int64_t row = number / (3 * at.inputs), in_row = number % (3 * at.inputs);
    if (row > 2) return kNoTap;
    return {row, in_row / at.inputs, in_row % at.inputs};
  }
  int64_t place = step.offset + number;
  int64_t column = step.column * at.pixels + place / at.pixel_size, input = place % at.pixel_size;
  int64_t ky = tap_along(at.form, step.row, results.y);
  int64_t kx = tap_along(at.form, column, results.x + tile * kLane / at.outputs);
  return ky < 0 || kx < 0 || input >= at.inputs ? kNoTap : Tap{ky, kx, input};
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

// One tile of weights.
void pack_tile(const Taps &taps, const Layout &at, const Results &results, int64_t tile,
               const Step &step, bf16 *place) {
  int64_t output = tile * kLane % at.outputs;
  bool of_one_pixel = !at.gathers && step.offset % at.pixel_size + kTileColumns <= at.inputs;
  if (of_one_pixel && (taps.by_input == 1 || taps.by_output == 1)) {
    Tap first = tap_at(at, results, tile, step, 0);
    if (!first.meets()) {
      std::memset(place, 0, 2 * kTile);
      return;
    }
    const float *from = taps.first + output * taps.by_output + first.input * taps.by_input +
                        first.ky * taps.by_row + first.kx * taps.by_column;
    if (taps.by_input == 1) {
      pack_along_inputs(from, taps.by_output, place);
    } else {
      pack_along_outputs(from, taps.by_input, place);
    }
    return;
  }
  for (int64_t number = 0; number < kTileColumns; number++) {
    Tap tap = tap_at(at, results, tile, step, number);
    bf16 *to = place + number / 2 * kTileColumns + number % 2;
    for (int64_t lane = 0; lane < kLane; lane++, to += 2) {
      *to = tap.meets() ? bf16(rounded(taps.at(output + lane, tap.input, tap.ky, tap.kx))) : 0;
    }
  }
}

// Two tiles of results, or the last one, that share their steps.
struct Pair {
  const Results *results;
  int64_t first, end, weights;
};

std::vector<Pair> pairs(const Layout &at) {
  std::vector<Pair> result;
  int64_t weights = 0;
  for (const Results &part : at.results) {
    for (int64_t first = 0; first < part.tiles; first += 2) {
      int64_t end = std::min(part.tiles, first + 2);
      result.push_back({&part, first, end, weights});
      weights += (end - first) * int64_t(part.steps.size()) * kTile;
    }
  }
  return result;
}

Layout layout_of_weights(const Form &form, int64_t inputs, int64_t outputs) {
  return Layout(form, 1, 1, 1, inputs, outputs);
}

}  // namespace

// Writes the tiles of weights in the order in which they are read: for each part of the results,
// [result / 2][step][result % 2][16][16][2].
at::Tensor pack_tiles(const Form &form, const Taps &taps) {
  Layout at = layout_of_weights(form, taps.inputs, taps.outputs);
  at::Tensor packed = at::empty({at.weights_size()}, at::kBFloat16);
  bf16 *to = mutable_rows(packed);
  std::vector<Pair> all = pairs(at);
  for_pieces(
      all.size(),
      [&](int64_t index, int64_t, int64_t, int64_t) {
        const Pair &pair = all[index];
        bf16 *place = to + pair.weights;
        for (const Step &step : pair.results->steps) {
          for (int64_t tile = pair.first; tile < pair.end; tile++, place += kTile) {
            pack_tile(taps, at, *pair.results, tile, step, place);
          }
        }
      },
      all.size());
  return packed;
}

int64_t packed_tiles_size(const Form &form, int64_t inputs, int64_t outputs) {
  return layout_of_weights(form, inputs, outputs).weights_size();
}

}  // namespace ct

#else

at::Tensor ct::pack_tiles(const Form &, const Taps &) { ct::refuse_tiles(); }
int64_t ct::packed_tiles_size(const Form &, int64_t, int64_t) { return 0; }

#endif
