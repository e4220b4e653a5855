// The weights' gradient of a 3×3 convolution of few channels: the windows are written out, so that it is that
// of a 1×1 convolution of 32 channels.
#include "convolution_windows.h"

#include <ATen/ops/empty.h>

#if defined(__x86_64__)

namespace {

CT_NATIVE void copy_rows(const ct::Windows &windows, int64_t rows, const ct::bf16 *from,
                         int64_t begin, int64_t end, ct::bf16 *to) {
  int64_t size = windows.count() * ct::kTileColumns;
  for (int64_t row = begin; row < end; row++) {
    int64_t image = row / rows, y = row % rows * windows.stride;
    windows.copy(from + (image * windows.height + y) * windows.width * windows.channels, y,
                 to + row * size, ct::kTileColumns);
  }
}

}  // namespace

at::Tensor ct::weight_gradient_of_windows(const at::Tensor &gradient, const at::Tensor &input,
                                          const at::Tensor &weight, int64_t stride) {
  int64_t channels = input.size(1), outputs = weight.size(0), rows = gradient.size(2);
  Windows windows{input.size(2), input.size(3), channels, stride};
  at::Tensor written = at::empty({input.size(0), kTileColumns, rows, gradient.size(3)},
                                 input.options().memory_format(at::MemoryFormat::ChannelsLast));
  for_pieces(input.size(0) * rows, [&](int64_t, int64_t begin, int64_t end, int64_t) {
    copy_rows(windows, rows, ct::rows(input), begin, end, mutable_rows(written));
  });
  at::Tensor kernel = at::empty({outputs, kTileColumns, 1, 1}, at::kFloat);
  return weight_gradient_tiles(gradient, written, kernel, 1)
      .reshape({outputs, kTileColumns})
      .narrow(1, 0, 9 * channels)
      .reshape({outputs, 3, 3, channels})
      .permute({0, 3, 1, 2})
      .contiguous();
}

#else

at::Tensor ct::weight_gradient_of_windows(const at::Tensor &, const at::Tensor &,
                                          const at::Tensor &, int64_t) {
  refuse_tiles();
}

#endif
