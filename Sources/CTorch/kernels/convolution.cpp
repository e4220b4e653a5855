// Convolution in bfloat16 on CPUs: the choice among kernels, and those for AVX512-BF16 of 3×3 with stride 1 and
// padding 1, forward with bias, addition and ReLU behind it, and backward for the input.
//
// The latter keep a tile of results in registers and use each number that is broadcast for the three
// columns of the kernel, since broadcasts and not multiplications are what runs out first where there are
// few channels. Borders are left out rather than padded. The product for the weights has files of its own,
// convolution_weights.cpp and convolution_weights_tiles.cpp, and the matrix unit convolution_tiles.cpp.
#include "convolution.h"

#include "convolution_windows.h"

#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>

namespace {

using ct::bf16;
using ct::Form;
using ct::Taps;

// ------------------------------------------------------------------------------- weights

// How many vectors of 16 results a tile of the forward product is wide.
int64_t vectors(int64_t results) { return results % 32 == 0 ? 2 : 1; }

// Weights as the forward product reads them: [O / 16V][ky][C / 2][kx][V][16][2].
struct Packed {
  int64_t inputs, outputs;
  const bf16 *data;

  const bf16 *block(int64_t first) const { return data + first * 9 * inputs; }
};

// Writes rows of [V][16][2] for the block of outputs from `output`.
void pack(const Taps &taps, int64_t output, int64_t lanes, bf16 *to) {
  for (int64_t ky = 0; ky < 3; ky++) {
    for (int64_t c = 0; c < taps.inputs; c += 2) {
      for (int64_t kx = 0; kx < 3; kx++, to += 2 * lanes) {
        for (int64_t lane = 0; lane < lanes; lane++) {
          uint32_t pair = taps.pair(output + lane, c, ky, kx);
          std::memcpy(to + 2 * lane, &pair, sizeof pair);
        }
      }
    }
  }
}

// Packs [O, C, 3, 3].
at::Tensor pack(const Taps &taps) {
  at::Tensor packed = at::empty({taps.outputs * taps.inputs * 9}, at::kBFloat16);
  bf16 *to = ct::mutable_rows(packed);
  int64_t lanes = 16 * vectors(taps.outputs), blocks = taps.outputs / lanes;
  ct::for_pieces(
      blocks,
      [&](int64_t block, int64_t, int64_t, int64_t) {
        pack(taps, block * lanes, lanes, to + block * lanes * 9 * taps.inputs);
      },
      blocks);
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
        CT_UNROLL for (int v = 0; v < V; v++) k[kx][v] = ct::load_pairs(weight + (kx * V + v) * 32);
      }
      if (has_left) {
        __m512bh x = ct::broadcast(pixels - inputs + c);
        CT_UNROLL for (int v = 0; v < V; v++) {
          sums[0][v] = _mm512_dpbf16_ps(sums[0][v], x, k[0][v]);
        }
      }
      CT_UNROLL for (int p = 0; p < P; p++) {
        __m512bh x = ct::broadcast(pixels + p * inputs + c);
        CT_UNROLL for (int v = 0; v < V; v++) {
          if (p + 1 < P) sums[p + 1][v] = _mm512_dpbf16_ps(sums[p + 1][v], x, k[0][v]);
          sums[p][v] = _mm512_dpbf16_ps(sums[p][v], x, k[1][v]);
          if (p > 0) sums[p - 1][v] = _mm512_dpbf16_ps(sums[p - 1][v], x, k[2][v]);
        }
      }
      if (has_right) {
        __m512bh x = ct::broadcast(pixels + P * inputs + c);
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
      if (f.addend) value = _mm512_add_ps(value, ct::widened(f.addend + place));
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
      // One tile, since a row of 7 pixels is all that deep maps have.
      switch (f.width - x) {
        case 7: forward_tile<7, V>(f, row, x, first); break;
        case 6: forward_tile<6, V>(f, row, x, first); break;
        case 5: forward_tile<5, V>(f, row, x, first); break;
        case 4: forward_tile<4, V>(f, row, x, first); break;
        case 3: forward_tile<3, V>(f, row, x, first); break;
        case 2: forward_tile<2, V>(f, row, x, first); break;
        case 1: forward_tile<1, V>(f, row, x, first); break;
      }
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

void convolve(const at::Tensor &x, const at::Tensor &packed, const float *bias, const bf16 *addend,
              bool relu, const at::Tensor &y) {
  Forward f{x.size(2), x.size(3), {x.size(1), y.size(1), ct::rows(packed)}, ct::rows(x), bias,
            addend,    relu,      ct::mutable_rows(y)};
  ct::for_pieces(x.size(0) * x.size(2), [&](int64_t, int64_t begin, int64_t end, int64_t) {
    forward(f, begin, end);
  });
}
#endif

// Whether a kernel of ours has some product of a convolution with such weights, of any number of inputs.
bool is_common(const at::Tensor &w, int64_t stride, int64_t padding) {
  return ct_cpu_has_native_bfloat16() && w.device().is_cpu() && w.dim() == 4 && w.numel() > 0 &&
         w.size(0) % 16 == 0 && (w.size(2) == 1 || w.size(2) == 3) && w.size(3) == w.size(2) &&
         padding == w.size(2) / 2 && (stride == 1 || stride == 2);
}

// Whether the kernels compute such a convolution, or the gradient of its input.
bool takes(ct_kernels kernels, const at::Tensor &w, int64_t stride, int64_t padding,
           bool gradient) {
  if (kernels == ct_onednn || !is_common(w, stride, padding)) return false;
  if (w.size(1) % 16 != 0) {
    return kernels == ct_amx && !gradient && w.size(2) == 3 && w.size(1) <= ct::kMostGathered;
  }
  if (w.size(2) == 1) return kernels == ct_amx && gradient && stride == 2;
  return kernels == ct_amx || stride == 1;
}

// Packs [O, C, k, k] for a product of that form.
at::Tensor pack_for(ct_kernels kernels, const Form &form, const at::Tensor &weight) {
  at::Tensor w = weight.detach().to(at::kFloat);
  Taps taps = Taps::of(w, form.gradient);
  return kernels == ct_amx ? ct::pack_tiles(form, taps) : pack(taps);
}

int64_t packed_size(ct_kernels kernels, const Form &form, int64_t inputs, int64_t outputs) {
  return kernels == ct_amx ? ct::packed_tiles_size(form, inputs, outputs) : 9 * inputs * outputs;
}

// `y` is written; it has the shape of the product.
void convolve_by(ct_kernels kernels, const Form &form, const at::Tensor &x,
                 const at::Tensor &packed, const at::Tensor &bias, const at::Tensor &addend,
                 bool relu, const at::Tensor &y) {
  const float *shift = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
#if defined(__x86_64__)
  if (kernels == ct_amx) {
    ct::convolve_tiles(form, x, packed, shift, ct::rows(addend), relu, y);
  } else {
    convolve(x, packed, shift, ct::rows(addend), relu, y);
  }
#else
  TORCH_CHECK(false, "a convolution of our own on a processor without AVX512-BF16");
#endif
}

at::Tensor empty_map(const at::Tensor &like, int64_t channels, int64_t height, int64_t width) {
  return at::empty({like.size(0), channels, height, width},
                   like.options().memory_format(at::MemoryFormat::ChannelsLast));
}

// The gradient of the input by LibTorch; of few channels, which hardly anyone wants, in float32, since oneDNN
// has wrong numbers for narrow maps.
at::Tensor library_gradient(const at::Tensor &gradient, const at::Tensor &input,
                            const at::Tensor &weight, int64_t stride) {
  int64_t padding = weight.size(2) / 2;
  auto type = input.size(1) % 16 == 0 ? at::kBFloat16 : at::kFloat;
  // Rounded as the forward pass has them.
  auto like = [&](const at::Tensor &map) {
    return ct::as_bf16_rows(map.detach()).to(type);
  };
  return std::get<0>(at::convolution_backward(like(gradient), like(input), like(weight), c10::nullopt,
                                              {stride, stride}, {padding, padding}, {1, 1}, false,
                                              {0, 0}, 1, {true, false, false}))
      .to(at::kBFloat16);
}

}  // namespace

bool ct_conv_takes_weight(ct_tensor weight, int64_t stride, int64_t padding, ct_kernels kernels) {
  return takes(kernels, ct::borrow(weight), stride, padding, false);
}

bool ct_conv_takes_input(ct_tensor input, int64_t channels) {
  at::Tensor x = ct::borrow(input);
  return ct::is_bf16_map(x) && x.size(1) == channels && x.numel() > 0;
}

ct_error ct_conv_pack(ct_tensor weight, int64_t stride, ct_kernels kernels, ct_tensor *packed) {
  return ct::guard([&] {
    at::Tensor w = ct::borrow(weight);
    *packed = ct::hand_over(pack_for(kernels, {w.size(2), stride, false}, w));
  });
}

ct_error ct_conv_forward(ct_tensor input, ct_tensor packed, int64_t outputs, int64_t kernel,
                         int64_t stride, ct_tensor bias, ct_tensor addend, bool relu,
                         ct_kernels kernels, ct_tensor *output) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(input), weight = ct::borrow(packed);
    Form form{kernel, stride, false};
    TORCH_CHECK(weight.numel() == packed_size(kernels, form, x.size(1), outputs),
                "weights of another shape");
    at::Tensor y = empty_map(x, outputs, ct::strided(x.size(2), stride), ct::strided(x.size(3), stride));
    at::Tensor added = addend ? ct::as_bf16_rows(ct::borrow(addend)) : at::Tensor();
    TORCH_CHECK(!addend || added.sizes() == y.sizes(), "an addend of another shape");
    at::Tensor shift = bias ? ct::borrow(bias).to(at::kFloat).contiguous() : at::Tensor();
    TORCH_CHECK(!bias || shift.numel() == outputs, "a bias of another shape");
    convolve_by(kernels, form, x, weight, shift, added, relu, y);
    *output = ct::hand_over(y);
  });
}

bool ct_conv_backward_takes(ct_tensor input, ct_tensor weight, int64_t stride, int64_t padding,
                            ct_kernels kernels) {
  at::Tensor x = ct::borrow(input), w = ct::borrow(weight);
  if (!ct::is_bf16_map(x) || x.numel() == 0 || w.dim() != 4 || x.size(1) != w.size(1)) {
    return false;
  }
  return takes(kernels, w, stride, padding, false) ||
         (kernels != ct_onednn && w.size(1) % 16 == 0 && is_common(w, stride, padding));
}

ct_error ct_conv_backward(ct_tensor gradient, ct_tensor input, ct_tensor weight, int64_t stride,
                          bool wants_input, bool wants_weight, ct_kernels kernels,
                          ct_tensor *for_input, ct_tensor *for_weight) {
  return ct::guard([&] {
    at::Tensor g = ct::as_bf16_rows(ct::borrow(gradient));
    at::Tensor x = ct::borrow(input), w = ct::borrow(weight);
    TORCH_CHECK(g.dim() == 4 && g.size(0) == x.size(0) && g.size(1) == w.size(0) &&
                    g.size(2) == ct::strided(x.size(2), stride) &&
                    g.size(3) == ct::strided(x.size(3), stride),
                "a gradient of another shape");
    if (wants_weight) {
      *for_weight = ct::hand_over(
          x.size(1) % 16 != 0 ? ct::weight_gradient_of_windows(g, x, w, stride)
          : kernels == ct_amx ? ct::weight_gradient_tiles(g, x, w, stride)
                              : ct::weight_gradient(g, x, w, stride));
    }
    if (!wants_input) return;
    if (!takes(kernels, w, stride, w.size(2) / 2, true)) {
      *for_input = ct::hand_over(library_gradient(g, x, w, stride));
      return;
    }
    at::Tensor y = empty_map(x, x.size(1), x.size(2), x.size(3));
    Form form{w.size(2), stride, true};
    convolve_by(kernels, form, g, pack_for(kernels, form, w), at::Tensor(), at::Tensor(), false, y);
    *for_input = ct::hand_over(y);
  });
}
