// What the two products for the gradient of a convolution's weights share.
#pragma once

#include "convolution.h"

namespace ct {

// A row of a map that counts as one row of pixels, as it does for a 1×1 kernel.
constexpr int64_t kFlatRow = 64;

// The rows of a map, counted over the batch; the last row may be short.
struct Map {
  const bf16 *data;
  int64_t channels, width, pixels;

  // Null outside the row.
  CT_INLINE const bf16 *pixel(int64_t row, int64_t x) const {
    int64_t at = row * width + x;
    return x < 0 || x >= width || at >= pixels ? nullptr : data + at * channels;
  }
};

struct Layer {
  int64_t kernel, stride, images, in_height, height;
  Map input, gradient;

  static Layer of(const at::Tensor &x, const at::Tensor &g, int64_t kernel, int64_t stride) {
    int64_t inputs = x.size(1), outputs = g.size(1);
    if (kernel == 1 && stride == 1) {
      int64_t pixels = x.numel() / inputs, rows = (pixels + kFlatRow - 1) / kFlatRow;
      return {1, 1, 1, rows, rows, {ct::rows(x), inputs, kFlatRow, pixels},
              {ct::rows(g), outputs, kFlatRow, pixels}};
    }
    return {kernel, stride, x.size(0), x.size(2), g.size(2),
            {ct::rows(x), inputs, x.size(3), x.numel() / inputs},
            {ct::rows(g), outputs, g.size(3), g.numel() / outputs}};
  }

  int64_t rows() const { return images * height; }
};

}  // namespace ct
