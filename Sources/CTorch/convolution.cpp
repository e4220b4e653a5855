// 3×3 convolution with stride 1 and padding 1 in bfloat16 on CPUs with AVX512-BF16, forward with
// bias, addition and ReLU behind it, and backward.
//
// All three products keep a tile of results in registers and use each number that is broadcast for
// the three columns of the kernel, since broadcasts and not multiplications are what runs out first
// where there are few channels. Borders are left out rather than padded.
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CT_NATIVE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#endif

namespace {

using ct::bf16;

// ------------------------------------------------------------------------------- weights

// How many vectors of 16 results a tile of the forward product is wide.
int64_t vectors(int64_t results) { return results % 32 == 0 ? 2 : 1; }

// Weights as the forward product reads them: [O / 16V][ky][C / 2][kx][V][16][2].
struct Packed {
  int64_t inputs, outputs;
  const bf16 *data;

  const bf16 *block(int64_t first) const { return data + first * 9 * inputs; }
};

bf16 rounded(float value) {
  bf16 result;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (value != value) return 0x7FC0;
  result = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  return result;
}

// Packs [O, C, 3, 3]; `transposed` gives the weights of the backward product for the input, which
// is a convolution with inputs and outputs exchanged and the kernel turned by half a circle.
at::Tensor pack(const at::Tensor &weight, bool transposed) {
  at::Tensor source = weight.detach().to(at::kFloat);
  if (transposed) source = source.flip({2, 3}).transpose(0, 1);
  source = source.permute({0, 2, 1, 3}).contiguous();  // [O, ky, C, kx]
  int64_t outputs = source.size(0), inputs = source.size(2), v = vectors(outputs);
  at::Tensor packed = at::empty({outputs * inputs * 9}, at::kBFloat16);
  auto *from = source.const_data_ptr<float>();
  auto *to = static_cast<bf16 *>(packed.mutable_data_ptr());
  for (int64_t o = 0; o < outputs; o++) {
    int64_t block = o / (16 * v), lane = o % (16 * v);
    for (int64_t ky = 0; ky < 3; ky++) {
      for (int64_t c = 0; c < inputs; c++) {
        bf16 *place = to + ((block * 3 + ky) * (inputs / 2) + c / 2) * 96 * v + lane * 2 + c % 2;
        for (int64_t kx = 0; kx < 3; kx++) place[kx * 32 * v] = rounded(*from++);
      }
    }
  }
  return packed;
}

#if defined(__x86_64__)

// ------------------------------------------------------------------------------- forward

struct Forward {
  int64_t height, width;
  Packed weight;
  const bf16 *input;
  // [O], or null.
  const float *bias;
  const bf16 *addend;
  bool relu;
  bf16 *output;
};

CT_NATIVE CT_INLINE __m512bh broadcast(const bf16 *pair) {
  int32_t bits;
  std::memcpy(&bits, pair, sizeof bits);
  return (__m512bh)_mm512_set1_epi32(bits);
}

CT_NATIVE CT_INLINE __m512bh load_pairs(const bf16 *from) {
  return (__m512bh)_mm512_loadu_si512(from);
}

#define CT_UNROLL _Pragma("clang loop unroll(full)")

// P neighbouring pixels times 16 V results, from column `left` of row `row` of the batch.
template <int P, int V>
CT_NATIVE CT_INLINE void forward_tile(const Forward &f, int64_t row, int64_t left, int64_t first) {
  int64_t inputs = f.weight.inputs, outputs = f.weight.outputs, y = row % f.height;
  bool has_left = left > 0, has_right = left + P < f.width;
  __m512 sums[P][V];
  CT_UNROLL for (int p = 0; p < P; p++) {
    CT_UNROLL for (int v = 0; v < V; v++) {
      sums[p][v] = f.bias ? _mm512_loadu_ps(f.bias + first + 16 * v) : _mm512_setzero_ps();
    }
  }
  for (int64_t ky = 0; ky < 3; ky++) {
    if (y + ky < 1 || y + ky > f.height) continue;
    const bf16 *pixels = f.input + ((row + ky - 1) * f.width + left) * inputs;
    const bf16 *weight = f.weight.block(first) + ky * inputs * 48 * V;
    for (int64_t c = 0; c < inputs; c += 2, weight += 96 * V) {
      __m512bh k[3][V];
      CT_UNROLL for (int kx = 0; kx < 3; kx++) {
        CT_UNROLL for (int v = 0; v < V; v++) k[kx][v] = load_pairs(weight + (kx * V + v) * 32);
      }
      if (has_left) {
        __m512bh x = broadcast(pixels - inputs + c);
        CT_UNROLL for (int v = 0; v < V; v++) {
          sums[0][v] = _mm512_dpbf16_ps(sums[0][v], x, k[0][v]);
        }
      }
      CT_UNROLL for (int p = 0; p < P; p++) {
        __m512bh x = broadcast(pixels + p * inputs + c);
        CT_UNROLL for (int v = 0; v < V; v++) {
          if (p + 1 < P) sums[p + 1][v] = _mm512_dpbf16_ps(sums[p + 1][v], x, k[0][v]);
          sums[p][v] = _mm512_dpbf16_ps(sums[p][v], x, k[1][v]);
          if (p > 0) sums[p - 1][v] = _mm512_dpbf16_ps(sums[p - 1][v], x, k[2][v]);
        }
      }
      if (has_right) {
        __m512bh x = broadcast(pixels + P * inputs + c);
        CT_UNROLL for (int v = 0; v < V; v++) {
          sums[P - 1][v] = _mm512_dpbf16_ps(sums[P - 1][v], x, k[2][v]);
        }
      }
    }
  }
  int64_t at = (row * f.width + left) * outputs + first;
  CT_UNROLL for (int p = 0; p < P; p++) {
    CT_UNROLL for (int v = 0; v < V; v++) {
      int64_t place = at + p * outputs + 16 * v;
      __m512 value = sums[p][v];
      if (f.addend) {
        __m256i other = _mm256_loadu_si256((const __m256i *)(f.addend + place));
        value = _mm512_add_ps(
            value, _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(other), 16)));
      }
      // In this order what is not a number stays so.
      if (f.relu) value = _mm512_max_ps(_mm512_setzero_ps(), value);
      _mm256_storeu_si256((__m256i *)(f.output + place), (__m256i)_mm512_cvtneps_pbh(value));
    }
  }
}

template <int V>
CT_NATIVE void forward_rows(const Forward &f, int64_t begin, int64_t end) {
  constexpr int wide = 16 / V;
  for (int64_t first = 0; first < f.weight.outputs; first += 16 * V) {
    for (int64_t row = begin; row < end; row++) {
      int64_t x = 0;
      for (; x + wide <= f.width; x += wide) forward_tile<wide, V>(f, row, x, first);
      if (V == 1 && x + 8 <= f.width) forward_tile<8, V>(f, row, x, first), x += 8;
      if (x + 4 <= f.width) forward_tile<4, V>(f, row, x, first), x += 4;
      if (x + 2 <= f.width) forward_tile<2, V>(f, row, x, first), x += 2;
      if (x < f.width) forward_tile<1, V>(f, row, x, first);
    }
  }
}

void forward(const Forward &f, int64_t begin, int64_t end) {
  if (vectors(f.weight.outputs) == 2) {
    forward_rows<2>(f, begin, end);
  } else {
    forward_rows<1>(f, begin, end);
  }
}

// ------------------------------------------------------------- gradient of the weights

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
      __m512bh g[3] = {load_pairs(odd + 2 * s.outputs), load_pairs(even), load_pairs(odd)};
      CT_UNROLL for (int j = 0; j < block; j++) {
        __m512bh value = broadcast(x + 2 * j);
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

at::Tensor gradient_for_weight(const at::Tensor &gradient, const at::Tensor &x,
                               const at::Tensor &weight) {
  int64_t inputs = x.size(1), outputs = gradient.size(1), height = x.size(2), width = x.size(3);
  int64_t strips = (height + kStripRows - 1) / kStripRows, count = x.size(0) * strips;
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
          Strip strip{height, width, inputs, outputs, ct::rows(x) + image * pixels * inputs,
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

#endif

#if defined(__x86_64__)
at::Tensor convolve(const at::Tensor &x, const at::Tensor &packed, int64_t outputs,
                    const at::Tensor &bias, const at::Tensor &addend, bool relu) {
  at::Tensor y = at::empty({x.size(0), outputs, x.size(2), x.size(3)},
                           x.options().memory_format(at::MemoryFormat::ChannelsLast));
  Forward f{x.size(2),
            x.size(3),
            {x.size(1), outputs, ct::rows(packed)},
            ct::rows(x),
            bias.defined() ? bias.const_data_ptr<float>() : nullptr,
            ct::rows(addend),
            relu,
            ct::mutable_rows(y)};
  ct::for_pieces(x.size(0) * x.size(2), [&](int64_t, int64_t begin, int64_t end, int64_t) {
    forward(f, begin, end);
  });
  return y;
}
#else
at::Tensor convolve(const at::Tensor &, const at::Tensor &, int64_t, const at::Tensor &,
                    const at::Tensor &, bool) {
  TORCH_CHECK(false, "a convolution of our own on a processor without AVX512-BF16");
}
at::Tensor gradient_for_weight(const at::Tensor &, const at::Tensor &, const at::Tensor &) {
  TORCH_CHECK(false, "a convolution of our own on a processor without AVX512-BF16");
}
#endif

}  // namespace

bool ct_convolution_takes_weight(ct_tensor weight) {
  at::Tensor w = ct::borrow(weight);
  return ct_cpu_has_native_bfloat16() && w.device().is_cpu() && w.dim() == 4 && w.numel() > 0 &&
         w.size(0) % 16 == 0 && w.size(1) % 16 == 0 && w.size(2) == 3 && w.size(3) == 3;
}

bool ct_convolution_takes_input(ct_tensor input, int64_t channels) {
  at::Tensor x = ct::borrow(input);
  return ct::is_bf16_rows(x) && x.size(1) == channels && x.numel() > 0;
}

ct_error ct_convolution_pack(ct_tensor weight, ct_tensor *packed) {
  return ct::guard([&] { *packed = ct::hand_over(pack(ct::borrow(weight), false)); });
}

ct_error ct_convolution_forward(ct_tensor input, ct_tensor packed, int64_t outputs, ct_tensor bias,
                                ct_tensor addend, bool relu, ct_tensor *output) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(input), weight = ct::borrow(packed);
    TORCH_CHECK(weight.numel() == 9 * outputs * x.size(1), "weights of another shape");
    at::Tensor added = addend ? ct::as_bf16_rows(ct::borrow(addend)) : at::Tensor();
    TORCH_CHECK(!addend || (added.size(0) == x.size(0) && added.size(1) == outputs &&
                            added.size(2) == x.size(2) && added.size(3) == x.size(3)),
                "an addend of another shape");
    at::Tensor shift = bias ? ct::borrow(bias).to(at::kFloat).contiguous() : at::Tensor();
    TORCH_CHECK(!bias || shift.numel() == outputs, "a bias of another shape");
    *output = ct::hand_over(convolve(x, weight, outputs, shift, added, relu));
  });
}

ct_error ct_convolution_backward(ct_tensor gradient, ct_tensor input, ct_tensor weight,
                                 bool wants_input, ct_tensor *for_input, ct_tensor *for_weight) {
  return ct::guard([&] {
    at::Tensor g = ct::as_bf16_rows(ct::borrow(gradient));
    at::Tensor x = ct::borrow(input), w = ct::borrow(weight);
    *for_weight = ct::hand_over(gradient_for_weight(g, x, w));
    if (wants_input) {
      *for_input = ct::hand_over(
          convolve(g, pack(w, true), x.size(1), at::Tensor(), at::Tensor(), false));
    }
  });
}
