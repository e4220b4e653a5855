// The gradient of the weights of a 3×3 convolution with stride 1 and padding 1 in bfloat16 on CPUs
// with AVX512-BF16.
//
// Both maps are interleaved pixel pair by pixel pair, as the bfloat16 unit multiplies them; the batch is
// cut into pieces whose sums are added up at the end.
#include "convolution.h"

#if defined(__x86_64__)

namespace {

using ct::bf16;

// Some rows of an image, their pixels interleaved two by two, as the products of the bfloat16 unit
// want them: [row][pair][channel][2].
struct Pairs {
  // Pixels (0, 1), (2, 3) … of the input.
  bf16 *input;
  // The same of the gradient.
  bf16 *even;
  // Pixels (−1, 0), (1, 2) … of the gradient: one pair more.
  bf16 *odd;
};

// A strip of one image's rows, and where the gradient's sums go: [O / 16][ky][C][kx][16].
struct Strip {
  int64_t height, width, inputs, outputs;
  const bf16 *input, *gradient;
  // The strip's first and last row and one, in the image.
  int64_t begin, end;
  float *sums;

  int64_t pairs() const { return (width + 1) / 2; }
};

// How many rows a strip has at most: their pairs stay in the cache.
constexpr int64_t kStripRows = 32;

size_t scratch_size(int64_t width, int64_t inputs, int64_t outputs) {
  int64_t pairs = (width + 1) / 2;
  return 2 * ((kStripRows + 2) * pairs * inputs + kStripRows * (2 * pairs + 1) * outputs);
}

CT_NATIVE CT_INLINE __m512i widened(const bf16 *pixel, int64_t c) {
  if (!pixel) return _mm512_setzero_si512();
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(pixel + c)));
}

CT_NATIVE CT_INLINE void interleave(const bf16 *first, const bf16 *second, bf16 *to,
                                    int64_t channels) {
  for (int64_t c = 0; c < channels; c += 16) {
    __m512i pair =
        _mm512_or_si512(widened(first, c), _mm512_slli_epi32(widened(second, c), 16));
    _mm512_storeu_si512(to + 2 * c, pair);
  }
}

CT_NATIVE CT_INLINE void interleave_row(const bf16 *row, int64_t width, int64_t channels,
                                        int64_t first, bf16 *to) {
  for (int64_t x = first; x < width + first; x += 2, to += 2 * channels) {
    interleave(x >= 0 ? row + x * channels : nullptr,
               x + 1 < width ? row + (x + 1) * channels : nullptr, to, channels);
  }
}

CT_NATIVE void make_pairs(const Strip &s, const Pairs &p) {
  int64_t pairs = s.pairs(), top = std::max<int64_t>(0, s.begin - 1);
  for (int64_t y = top; y < std::min(s.height, s.end + 1); y++) {
    interleave_row(s.input + y * s.width * s.inputs, s.width, s.inputs, 0,
                   p.input + 2 * (y - s.begin + 1) * pairs * s.inputs);
  }
  for (int64_t y = s.begin; y < s.end; y++) {
    const bf16 *row = s.gradient + y * s.width * s.outputs;
    int64_t at = y - s.begin;
    interleave_row(row, s.width, s.outputs, 0, p.even + 2 * at * pairs * s.outputs);
    bf16 *odd = p.odd + 2 * at * (pairs + 1) * s.outputs;
    interleave_row(row, s.width, s.outputs, -1, odd);
    // For an even width the row above ends one pair early, for an odd one nothing is left.
    bf16 *last = odd + 2 * pairs * s.outputs;
    const bf16 *pixel = s.width % 2 == 0 ? row + (s.width - 1) * s.outputs : nullptr;
    interleave(pixel, nullptr, last, s.outputs);
  }
}

// Eight input channels times 16 outputs times the three columns of the kernel's row `ky`.
CT_NATIVE CT_INLINE void weight_tile(const Strip &s, const Pairs &p, int64_t ky, int64_t channel,
                                     int64_t first) {
  constexpr int block = 8;
  float *place = s.sums + ((first / 16 * 3 + ky) * s.inputs + channel) * 48;
  __m512 sums[block][3];
  CT_UNROLL for (int j = 0; j < block; j++) {
    CT_UNROLL for (int kx = 0; kx < 3; kx++) {
      sums[j][kx] = _mm512_loadu_ps(place + (j * 3 + kx) * 16);
    }
  }
  int64_t pairs = s.pairs();
  int64_t begin = std::max(s.begin, 1 - ky), end = std::min(s.end, s.height + 1 - ky);
  for (int64_t y = begin; y < end; y++) {
    int64_t at = y - s.begin;
    const bf16 *x = p.input + 2 * ((at + ky) * pairs * s.inputs + channel);
    const bf16 *even = p.even + 2 * (at * pairs * s.outputs + first);
    const bf16 *odd = p.odd + 2 * (at * (pairs + 1) * s.outputs + first);
    for (int64_t i = 0; i < pairs; i++) {
      // Input pixel q meets the gradient of pixel q + 1 − kx.
      __m512bh g[3] = {ct::load_pairs(odd + 2 * s.outputs), ct::load_pairs(even),
                       ct::load_pairs(odd)};
      CT_UNROLL for (int j = 0; j < block; j++) {
        __m512bh value = ct::broadcast(x + 2 * j);
        CT_UNROLL for (int kx = 0; kx < 3; kx++) {
          sums[j][kx] = _mm512_dpbf16_ps(sums[j][kx], value, g[kx]);
        }
      }
      x += 2 * s.inputs, even += 2 * s.outputs, odd += 2 * s.outputs;
    }
  }
  CT_UNROLL for (int j = 0; j < block; j++) {
    CT_UNROLL for (int kx = 0; kx < 3; kx++) {
      _mm512_storeu_ps(place + (j * 3 + kx) * 16, sums[j][kx]);
    }
  }
}

// Adds a strip's share to its sums.
CT_NATIVE void weight_gradient(const Strip &s, bf16 *scratch) {
  int64_t pairs = s.pairs();
  bf16 *even = scratch + 2 * (kStripRows + 2) * pairs * s.inputs;
  Pairs p{scratch, even, even + 2 * kStripRows * pairs * s.outputs};
  make_pairs(s, p);
  for (int64_t first = 0; first < s.outputs; first += 16) {
    for (int64_t ky = 0; ky < 3; ky++) {
      for (int64_t c = 0; c < s.inputs; c += 8) weight_tile(s, p, ky, c, first);
    }
  }
}

// Into how many pieces the batch is cut, a power of two: few where each piece's sums are large.
int64_t weight_pieces(int64_t inputs, int64_t outputs) {
  int64_t pieces = 32;
  while (pieces > 4 && pieces * 9 * inputs * outputs > 5'000'000) pieces /= 2;
  return pieces;
}

// Adds up the pieces' sums of row `row` of [O / 16, ky, C], each [kx, 16] and `size` apart, and puts
// them where the gradient [O, C, ky, kx] has them, whatever its memory order.
void add_up(const float *parts, int64_t pieces, int64_t size, int64_t row, int64_t inputs,
            const at::Tensor &result) {
  ct::Floats sums[3] = {}, value;
  for (int64_t piece = 0; piece < pieces; piece++) {
    for (int kx = 0; kx < 3; kx++) {
      ct::load(parts + piece * size + kx * ct::kLane, value);
      sums[kx] += value;
    }
  }
  int64_t c = row % inputs, ky = row / inputs % 3, first = row / inputs / 3 * ct::kLane;
  float *to = result.mutable_data_ptr<float>() + c * result.stride(1) + ky * result.stride(2);
  for (int kx = 0; kx < 3; kx++) {
    for (int j = 0; j < ct::kLane; j++) {
      to[(first + j) * result.stride(0) + kx * result.stride(3)] = sums[kx][j];
    }
  }
}

}  // namespace

at::Tensor ct::weight_gradient_3x3(const at::Tensor &gradient, const at::Tensor &input,
                                   const at::Tensor &weight) {
  int64_t inputs = input.size(1), outputs = gradient.size(1);
  int64_t height = input.size(2), width = input.size(3);
  int64_t strips = (height + kStripRows - 1) / kStripRows, count = input.size(0) * strips;
  int64_t pieces = weight_pieces(inputs, outputs), size = 9 * inputs * outputs;
  at::Tensor parts = at::empty({pieces, size}, at::kFloat);
  int64_t room = scratch_size(width, inputs, outputs);
  at::Tensor scratch = at::empty({at::get_num_threads(), room}, at::kBFloat16);
  ct::for_pieces(
      count,
      [&](int64_t piece, int64_t begin, int64_t end, int64_t slot) {
        std::fill_n(parts.mutable_data_ptr<float>() + piece * size, size, 0.0F);
        for (int64_t unit = begin; unit < end; unit++) {
          int64_t image = unit / strips, top = unit % strips * kStripRows, pixels = height * width;
          Strip strip{height, width, inputs, outputs, ct::rows(input) + image * pixels * inputs,
                      ct::rows(gradient) + image * pixels * outputs, top,
                      std::min(height, top + kStripRows),
                      parts.mutable_data_ptr<float>() + piece * size};
          weight_gradient(strip, ct::mutable_rows(scratch) + slot * room);
        }
      },
      pieces);
  at::Tensor result = at::empty_like(weight, at::kFloat);
  int64_t used = (count + (count + pieces - 1) / pieces - 1) / ((count + pieces - 1) / pieces);
  ct::for_pieces(outputs / 16 * 3 * inputs, [&](int64_t, int64_t begin, int64_t end, int64_t) {
    for (int64_t row = begin; row < end; row++) {
      add_up(parts.const_data_ptr<float>() + row * 48, used, size, row, inputs, result);
    }
  });
  return result;
}

#else

at::Tensor ct::weight_gradient_3x3(const at::Tensor &, const at::Tensor &, const at::Tensor &) {
  TORCH_CHECK(false, "a convolution of our own on a processor without AVX512-BF16");
}

#endif
