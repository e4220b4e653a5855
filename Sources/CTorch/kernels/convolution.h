// What the forward product and the weights' gradient of our own convolutions share.
#pragma once

#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CT_NATIVE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define CT_UNROLL _Pragma("clang loop unroll(full)")
#endif

namespace ct {

CT_INLINE uint32_t rounded(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return value != value ? 0x7FC0 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
}

// Whether a convolution is one of 1×1 in float32 of few pixels, whose results and gradient are products of matrices
// (pointwise_convolution.cpp).
bool is_small_pointwise(const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride,
                        at::IntArrayRef padding, bool transposed, int64_t groups);
at::Tensor pointwise_input_gradient(const at::Tensor &gradient, const at::Tensor &weight);

// A kernel [O, C, k, k] of float32, or one seen with inputs and outputs exchanged and turned by half a
// circle, as the gradient of the input has it.
struct Taps {
  const float *first;
  int64_t outputs, inputs, by_output, by_input, by_row, by_column;

  static Taps of(const at::Tensor &w, bool transposed) {
    const float *data = w.const_data_ptr<float>();
    if (!transposed) {
      return {data, w.size(0), w.size(1), w.stride(0), w.stride(1), w.stride(2), w.stride(3)};
    }
    return {data + (w.size(2) - 1) * w.stride(2) + (w.size(3) - 1) * w.stride(3), w.size(1),
            w.size(0), w.stride(1), w.stride(0), -w.stride(2), -w.stride(3)};
  }

  CT_INLINE float at(int64_t output, int64_t input, int64_t ky, int64_t kx) const {
    return first[output * by_output + input * by_input + ky * by_row + kx * by_column];
  }

  // Two inputs' taps, rounded to bfloat16.
  CT_INLINE uint32_t pair(int64_t output, int64_t input, int64_t ky, int64_t kx) const {
    return rounded(at(output, input, ky, kx)) | rounded(at(output, input + 1, ky, kx)) << 16;
  }
};

// The gradient [O, C, k, k] of the weights of a convolution with stride 1 or 2, whose kernel is 1×1, or
// 3×3 with padding 1; in float32, for rows of gradients and inputs.
at::Tensor weight_gradient(const at::Tensor &gradient, const at::Tensor &input,
                           const at::Tensor &weight, int64_t stride);

// The same on the matrix unit.
at::Tensor weight_gradient_tiles(const at::Tensor &gradient, const at::Tensor &input,
                                 const at::Tensor &weight, int64_t stride);

// A convolution with a kernel of 3×3, padding 1 and a stride of 1 or 2, or the gradient of its input, which with
// stride 1 is a convolution again. Of 1×1 kernels, the gradient of the input with stride 2 alone.
struct Form {
  int64_t kernel, stride;
  bool gradient;
};

// Of so many channels at most, a window of 3×3 pixels fills one row of a tile.
constexpr int64_t kMostGathered = 3;

// Convolutions on the matrix unit. How their weights lie and how many numbers they are, of taps that the
// gradient of an input has turned; and y = ReLU(product + bias + addend), with the latter where not null.
at::Tensor pack_tiles(const Form &form, const Taps &taps);
int64_t packed_tiles_size(const Form &form, int64_t inputs, int64_t outputs);
void convolve_tiles(const Form &form, const at::Tensor &x, const at::Tensor &packed,
                    const float *bias, const bf16 *addend, bool relu, const at::Tensor &y);

#if defined(__x86_64__)

CT_NATIVE CT_INLINE __m512bh broadcast(const bf16 *pair) {
  int32_t bits;
  std::memcpy(&bits, pair, sizeof bits);
  return (__m512bh)_mm512_set1_epi32(bits);
}

CT_NATIVE CT_INLINE __m512bh load_pairs(const bf16 *from) {
  return (__m512bh)_mm512_loadu_si512(from);
}

// 16 numbers in float32.
CT_NATIVE CT_INLINE __m512 widened(const bf16 *from) {
  __m256i halves = _mm256_loadu_si256((const __m256i *)from);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

#endif

}  // namespace ct
