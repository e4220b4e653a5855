// What the forward product and the weights' gradient of our own convolutions share.
#pragma once

#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CT_NATIVE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define CT_UNROLL _Pragma("clang loop unroll(full)")
#endif

namespace ct {

// The gradient [O, C, k, k] of the weights of a convolution with stride 1 or 2, whose kernel is 1×1, or
// 3×3 with padding 1; in float32, for rows of gradients and inputs.
at::Tensor weight_gradient(const at::Tensor &gradient, const at::Tensor &input,
                           const at::Tensor &weight, int64_t stride);

#if defined(__x86_64__)

CT_NATIVE CT_INLINE __m512bh broadcast(const bf16 *pair) {
  int32_t bits;
  std::memcpy(&bits, pair, sizeof bits);
  return (__m512bh)_mm512_set1_epi32(bits);
}

CT_NATIVE CT_INLINE __m512bh load_pairs(const bf16 *from) {
  return (__m512bh)_mm512_loadu_si512(from);
}

#endif

}  // namespace ct
