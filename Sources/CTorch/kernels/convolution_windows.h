// Windows of 3×3 pixels of few channels, each as one row of a tile: [ky][kx][C], and zeros behind them.
#pragma once

#include "tiles.h"

namespace ct {

// The gradient [O, C, 3, 3] of the weights of a 3×3 convolution with padding 1 of at most kMostGathered
// channels, in float32, on the matrix unit.
at::Tensor weight_gradient_of_windows(const at::Tensor &gradient, const at::Tensor &input,
                                      const at::Tensor &weight, int64_t stride);

#if defined(__x86_64__)

struct Windows {
  int64_t height, width, channels, stride;

  int64_t count() const { return strided(width, stride); }

  // Writes those around every stride-th pixel of the row y, which begins at `row`, so far apart.
  CT_NATIVE CT_INLINE void copy(const bf16 *row, int64_t y, bf16 *to, int64_t apart) const {
    int64_t window = 3 * channels;
    const uint32_t pixel = (1u << channels) - 1, all = (1u << window) - 1;
    for (int64_t i = 0; i < count(); i++, to += apart) {
      int64_t x = i * stride;
      uint32_t there = all;
      if (x == 0) there &= ~pixel;
      if (x + 1 == width) there &= ~(pixel << (2 * channels));
      __m512i value = _mm512_setzero_si512();
      for (int64_t ky = 0; ky < 3; ky++) {
        if (y + ky < 1 || y + ky > height) continue;
        // Each row's numbers go behind those of the former one.
        const bf16 *from = row + ((ky - 1) * width + x - 1) * channels - ky * window;
        value = _mm512_or_si512(value, _mm512_maskz_loadu_epi16(there << (ky * window), from));
      }
      _mm512_storeu_si512(to, value);
    }
  }
};

#endif

}  // namespace ct
