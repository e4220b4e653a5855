// What the forward product and the weights' gradient of the 3×3 convolution share.
#pragma once

#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CT_NATIVE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define CT_UNROLL _Pragma("clang loop unroll(full)")
#endif

namespace ct {

// The gradient [O, C, 3, 3] of the weights, in float32, for rows of gradients and inputs.
at::Tensor weight_gradient_3x3(const at::Tensor &gradient, const at::Tensor &input,
                               const at::Tensor &weight);

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
