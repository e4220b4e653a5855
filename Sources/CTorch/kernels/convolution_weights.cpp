// The gradient of the weights of a convolution in bfloat16 on CPUs with AVX512-BF16: kernels of 1×1 or
// 3×3 with stride 1 or 2, and half a kernel of padding.
//
// Both maps are interleaved pixel pair by pixel pair, as the bfloat16 unit multiplies them, in strips that
// stay in the cache. A tile of sums is held in registers for a whole strip: 16 input channels times the
// columns of the kernel (or several times 16 channels of a 1×1 kernel) times 8 outputs. Each number of the
// gradient that is broadcast serves all of the tile's vectors.
#include "convolution_weights.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#if defined(__x86_64__)

namespace {

using ct::bf16;
using ct::kLane;
using ct::Layer;
using ct::Map;

// Outputs in a tile, and at most so many vectors of inputs.
constexpr int64_t kOutputs = 8, kVectors = 3;
// A pair of pixels of 16 channels.
constexpr int64_t kPair = 2 * kLane;
// How many pairs of pixels a strip has, about: those of 16 channels stay in the first cache.
constexpr int64_t kStripPairs = 128;

int64_t pairs_of_row(const Layer &layer) { return (layer.gradient.width + 1) / 2; }

// How often the input is interleaved: once for each shift of pixels against pairs.
int64_t copies(const Layer &layer) { return layer.kernel == 1 ? 1 : layer.stride == 1 ? 2 : 3; }

// How the work is cut, by the shapes alone: into parts of the input's channels, whose sums are apart, and
// into parts of the batch, whose sums are added up.
struct Cut {
  int64_t blocks, channel_parts, row_parts;

  explicit Cut(const Layer &layer) {
    // Each part of the channels interleaves the whole gradient for itself.
    int64_t parts = 16, least = layer.kernel == 1 ? 16 : 4;
    blocks = layer.input.channels / kLane;
    channel_parts = std::clamp<int64_t>(blocks / least, 1, parts);
    row_parts = std::min((parts + channel_parts - 1) / channel_parts, layer.rows());
  }
};

// ------------------------------------------------------------------------------- interleaving

CT_NATIVE CT_INLINE __m512i widened(const bf16 *pixel, int64_t c) {
  if (!pixel) return _mm512_setzero_si512();
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(pixel + c)));
}

// Two pixels, block by block; blocks lie `pitch` pairs apart.
CT_NATIVE CT_INLINE void interleave(const bf16 *first, const bf16 *second, int64_t blocks, bf16 *to,
                                    int64_t pitch) {
  for (int64_t b = 0; b < blocks; b++, to += pitch * kPair) {
    __m512i pair = _mm512_or_si512(widened(first, b * kLane),
                                   _mm512_slli_epi32(widened(second, b * kLane), 16));
    _mm512_storeu_si512(to, pair);
  }
}

// Some rows of a map and some of its blocks of channels, interleaved: [block][row][pair][16][2].
struct Interleaved {
  bf16 *data;
  // Pairs in a row, and from one block to the next.
  int64_t pairs, pitch;

  Interleaved(bf16 *data, int64_t pairs, int64_t rows) : data(data), pairs(pairs) {
    // Blocks a multiple of 4 KiB apart would share their places in the cache.
    pitch = pairs * rows | 1;
  }

  int64_t size(int64_t blocks) const { return blocks * pitch * kPair; }
  const bf16 *block(int64_t b) const { return data + b * pitch * kPair; }
};

// Pair i is made of the pixels 2i · step + shift and step further.
CT_NATIVE void fill(const Interleaved &to, const Map &map, int64_t first_row, int64_t rows,
                    int64_t first_block, int64_t blocks, int64_t step, int64_t shift) {
  bf16 *place = to.data;
  for (int64_t row = first_row; row < first_row + rows; row++) {
    for (int64_t i = 0; i < to.pairs; i++, place += kPair) {
      int64_t x = 2 * i * step + shift, c = first_block * kLane;
      const bf16 *first = map.pixel(row, x), *second = map.pixel(row, x + step);
      if (first && second) {
        interleave(first + c, second + c, blocks, place, to.pitch);
      } else {
        interleave(first ? first + c : nullptr, second ? second + c : nullptr, blocks, place,
                   to.pitch);
      }
    }
  }
}

// ------------------------------------------------------------------------------- sums

// The rows of a strip that meet for one row of the kernel: where they begin among the pairs.
struct Meetings {
  int64_t count = 0;
  int64_t input[kStripPairs + 1], gradient[kStripPairs + 1];
};

// Adds to a tile of sums [8, V, 16]; a fresh one begins at zero.
template <int V>
CT_NATIVE CT_INLINE void add_tile(const bf16 *const *vectors, const bf16 *gradient,
                                  const Meetings &rows, int64_t pairs, float *place, bool fresh) {
  __m512 sums[kOutputs][V];
  CT_UNROLL for (int j = 0; j < kOutputs; j++) {
    CT_UNROLL for (int v = 0; v < V; v++) {
      sums[j][v] = fresh ? _mm512_setzero_ps() : _mm512_loadu_ps(place + (j * V + v) * kLane);
    }
  }
  for (int64_t r = 0; r < rows.count; r++) {
    const bf16 *x[V], *g = gradient + rows.gradient[r] * kPair;
    CT_UNROLL for (int v = 0; v < V; v++) x[v] = vectors[v] + rows.input[r] * kPair;
    for (int64_t i = 0; i < pairs * kPair; i += kPair) {
      __m512bh values[V];
      CT_UNROLL for (int v = 0; v < V; v++) values[v] = ct::load_pairs(x[v] + i);
      CT_UNROLL for (int j = 0; j < kOutputs; j++) {
        __m512bh value = ct::broadcast(g + i + 2 * j);
        CT_UNROLL for (int v = 0; v < V; v++) {
          sums[j][v] = _mm512_dpbf16_ps(sums[j][v], values[v], value);
        }
      }
    }
  }
  CT_UNROLL for (int j = 0; j < kOutputs; j++) {
    CT_UNROLL for (int v = 0; v < V; v++) {
      _mm512_storeu_ps(place + (j * V + v) * kLane, sums[j][v]);
    }
  }
}

// How many of the remaining blocks of a 1×1 kernel's inputs the next tiles take.
int64_t group_size(int64_t blocks) { return blocks == 4 ? 2 : std::min(blocks, kVectors); }

// One piece of the work: some blocks of the input's channels, some rows of the gradient.
struct Piece {
  const Layer &layer;
  int64_t first_block, blocks, begin, end;
  // 3×3: [block][ky][O][kx][16]; 1×1: [group of blocks][O][block][16].
  float *sums;

  int64_t strip_rows() const {
    return std::clamp<int64_t>(kStripPairs / pairs_of_row(layer), 1, kStripPairs);
  }
  int64_t input_rows(int64_t rows) const { return (rows - 1) * layer.stride + layer.kernel; }
  int64_t input_pairs() const { return pairs_of_row(layer) + (copies(layer) == 2 ? 1 : 0); }

  int64_t scratch_size() const {
    Interleaved input(nullptr, input_pairs(), input_rows(strip_rows()));
    Interleaved gradient(nullptr, pairs_of_row(layer), strip_rows());
    return copies(layer) * input.size(blocks) +
           gradient.size(layer.gradient.channels / kLane);
  }

  CT_NATIVE void run(bf16 *scratch) const {
    for (int64_t row = begin; row < end; row += strip_rows()) {
      add_strip(row, std::min(end, row + strip_rows()), scratch);
    }
  }

  // Rows of the input, counted over the batch, that the row of the gradient meets with kernel row `ky`.
  CT_INLINE int64_t meets(int64_t row, int64_t ky) const {
    int64_t y = row % layer.height * layer.stride + ky - layer.kernel / 2;
    return y < 0 || y >= layer.in_height ? -1 : row / layer.height * layer.in_height + y;
  }

  CT_NATIVE void add_strip(int64_t top, int64_t bottom, bf16 *scratch) const {
    int64_t low = INT64_MAX, high = 0, outputs = layer.gradient.channels;
    for (int64_t row : {top, bottom - 1}) {
      for (int64_t ky = 0; ky < layer.kernel; ky++) {
        int64_t met = meets(row, ky);
        if (met < 0) continue;
        low = std::min(low, met), high = std::max(high, met + 1);
      }
    }
    Interleaved gradient(scratch, pairs_of_row(layer), bottom - top);
    fill(gradient, layer.gradient, top, bottom - top, 0, outputs / kLane, 1, 0);
    scratch += gradient.size(outputs / kLane);
    Interleaved inputs[kVectors] = {{scratch, input_pairs(), high - low},
                                    {scratch, input_pairs(), high - low},
                                    {scratch, input_pairs(), high - low}};
    for (int64_t copy = 0; copy < copies(layer); copy++) {
      inputs[copy].data = scratch + copy * inputs[copy].size(blocks);
      int64_t shift = copies(layer) == 1 ? 0 : copy - 1;
      fill(inputs[copy], layer.input, low, high - low, first_block, blocks, layer.stride, shift);
    }
    for (int64_t ky = 0; ky < layer.kernel; ky++) {
      Meetings rows;
      for (int64_t row = top; row < bottom; row++) {
        int64_t met = meets(row, ky);
        if (met < 0) continue;
        rows.gradient[rows.count] = (row - top) * pairs_of_row(layer);
        rows.input[rows.count++] = (met - low) * input_pairs();
      }
      if (layer.kernel == 1) {
        add_blocks(inputs[0], gradient, rows, top == begin);
      } else {
        add_columns(inputs, gradient, rows, ky, top == begin);
      }
    }
  }

  // 3×3: the vectors of a tile are the three columns of the kernel.
  CT_NATIVE void add_columns(const Interleaved *inputs, const Interleaved &gradient,
                             const Meetings &rows, int64_t ky, bool fresh) const {
    int64_t outputs = layer.gradient.channels;
    for (int64_t b = 0; b < blocks; b++) {
      const bf16 *vectors[3] = {inputs[0].block(b), inputs[1].block(b), inputs[2].block(b)};
      // With stride 1 the first copy has the pixels before, and one pair on those behind.
      if (layer.stride == 1) vectors[2] = vectors[0] + kPair;
      float *place = sums + (b * 3 + ky) * outputs * 3 * kLane;
      for (int64_t o = 0; o < outputs; o += kOutputs, place += kOutputs * 3 * kLane) {
        const bf16 *g = gradient.block(o / kLane) + 2 * (o % kLane);
        add_tile<3>(vectors, g, rows, pairs_of_row(layer), place, fresh);
      }
    }
  }

  // 1×1: the vectors of a tile are blocks of channels.
  CT_NATIVE void add_blocks(const Interleaved &input, const Interleaved &gradient,
                            const Meetings &rows, bool fresh) const {
    int64_t outputs = layer.gradient.channels;
    for (int64_t b = 0; b < blocks;) {
      int64_t count = group_size(blocks - b);
      const bf16 *vectors[kVectors];
      for (int64_t v = 0; v < count; v++) vectors[v] = input.block(b + v);
      float *place = sums + b * outputs * kLane;
      for (int64_t o = 0; o < outputs; o += kOutputs, place += kOutputs * count * kLane) {
        const bf16 *g = gradient.block(o / kLane) + 2 * (o % kLane);
        if (count == 3) add_tile<3>(vectors, g, rows, pairs_of_row(layer), place, fresh);
        if (count == 2) add_tile<2>(vectors, g, rows, pairs_of_row(layer), place, fresh);
        if (count == 1) add_tile<1>(vectors, g, rows, pairs_of_row(layer), place, fresh);
      }
      b += count;
    }
  }
};

// ------------------------------------------------------------------------------- the whole

// Where the sums of a block of inputs lie: `count` of them side by side, this one at `place`.
struct Group {
  int64_t first, count, place;
};

std::vector<Group> groups_of(const Layer &layer, const Cut &cut) {
  std::vector<Group> groups;
  for (int64_t part = 0; part < cut.channel_parts; part++) {
    int64_t end = cut.blocks * (part + 1) / cut.channel_parts;
    for (int64_t b = cut.blocks * part / cut.channel_parts; b < end;) {
      int64_t count = layer.kernel == 1 ? group_size(end - b) : 1;
      for (int64_t v = 0; v < count; v++) groups.push_back({b, count, v});
      b += count;
    }
  }
  return groups;
}

// Adds up the parts' sums for one output, and puts them where the gradient [O, C, ky, kx] has them,
// whatever its memory order.
CT_NATIVE void add_up(const Layer &layer, const std::vector<Group> &groups, const float *sums,
                      int64_t parts, int64_t size, int64_t output, const at::Tensor &result) {
  int64_t outputs = layer.gradient.channels, kernel = layer.kernel;
  int64_t by_input = result.stride(1), by_row = result.stride(2), by_column = result.stride(3);
  float *to = result.mutable_data_ptr<float>() + output * result.stride(0);
  for (int64_t b = 0; b < int64_t(groups.size()); b++, to += kLane * by_input) {
    const Group &group = groups[b];
    for (int64_t ky = 0; ky < kernel; ky++) {
      const float *from = kernel == 1 ? sums + group.first * outputs * kLane +
                                            (output * group.count + group.place) * kLane
                                      : sums + ((b * 3 + ky) * outputs + output) * 3 * kLane;
      for (int64_t kx = 0; kx < kernel; kx++) {
        __m512 sum = _mm512_loadu_ps(from + kx * kLane);
        for (int64_t part = 1; part < parts; part++) {
          sum = _mm512_add_ps(sum, _mm512_loadu_ps(from + part * size + kx * kLane));
        }
        float values[kLane];
        _mm512_storeu_ps(values, sum);
        float *place = to + ky * by_row + kx * by_column;
        for (int64_t j = 0; j < kLane; j++) place[j * by_input] = values[j];
      }
    }
  }
}

}  // namespace

at::Tensor ct::weight_gradient(const at::Tensor &gradient, const at::Tensor &input,
                               const at::Tensor &weight, int64_t stride) {
  Layer layer = Layer::of(input, gradient, weight.size(2), stride);
  Cut cut(layer);
  int64_t outputs = layer.gradient.channels;
  int64_t block = layer.kernel * layer.kernel * outputs * kLane, size = cut.blocks * block;
  at::Tensor sums = at::empty({cut.row_parts, size}, at::kFloat);
  auto piece_of = [&](int64_t part) {
    int64_t channels = part % cut.channel_parts, rows = part / cut.channel_parts;
    int64_t first = cut.blocks * channels / cut.channel_parts;
    return Piece{layer,
                 first,
                 cut.blocks * (channels + 1) / cut.channel_parts - first,
                 layer.rows() * rows / cut.row_parts,
                 layer.rows() * (rows + 1) / cut.row_parts,
                 sums.mutable_data_ptr<float>() + rows * size + first * block};
  };
  int64_t pieces = cut.channel_parts * cut.row_parts, room = 0;
  for (int64_t part = 0; part < cut.channel_parts; part++) {
    room = std::max(room, piece_of(part).scratch_size());
  }
  at::Tensor scratch = at::empty({at::get_num_threads(), room}, at::kBFloat16);
  ct::for_pieces(
      pieces,
      [&](int64_t part, int64_t, int64_t, int64_t slot) {
        piece_of(part).run(ct::mutable_rows(scratch) + slot * room);
      },
      pieces);
  at::Tensor result = at::empty_like(weight, at::kFloat);
  std::vector<Group> groups = groups_of(layer, cut);
  ct::for_pieces(outputs, [&](int64_t, int64_t begin, int64_t end, int64_t) {
    for (int64_t o = begin; o < end; o++) {
      add_up(layer, groups, sums.const_data_ptr<float>(), cut.row_parts, size, o, result);
    }
  });
  return result;
}

#else

at::Tensor ct::weight_gradient(const at::Tensor &, const at::Tensor &, const at::Tensor &,
                               int64_t) {
  TORCH_CHECK(false, "a convolution of our own on a processor without AVX512-BF16");
}

#endif
