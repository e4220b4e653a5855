// Shapes of what LibTorch has no kernel for on its device without memory; PyTorch has these in Python.
#include <ATen/native/ConvUtils.h>
#include <torch/library.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "guard.h"

namespace {

at::Tensor convolution(const at::Tensor &input, const at::Tensor &weight,
                       const std::optional<at::Tensor> &, at::IntArrayRef stride,
                       at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, int64_t groups) {
  auto sizes = transposed
                   ? at::native::conv_input_size(input.sizes(), weight.sizes(), padding,
                                                 output_padding, stride, dilation, groups)
                   : at::native::conv_output_size(input.sizes(), weight.sizes(), padding, stride,
                                                  dilation);
  return at::empty(sizes, input.options(), input.suggest_memory_format());
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> batch_norm(
    const at::Tensor &input, const std::optional<at::Tensor> &, const std::optional<at::Tensor> &,
    const std::optional<at::Tensor> &, const std::optional<at::Tensor> &, bool training, double,
    double) {
  auto statistic = [&] { return at::empty({training ? input.size(1) : 0}, input.options()); };
  return {at::empty_like(input), statistic(), statistic()};
}

at::Tensor relu(const at::Tensor &input) { return at::clamp_min(input, 0); }

at::Tensor adaptive_average_pool(const at::Tensor &input, at::IntArrayRef size) {
  auto sizes = input.sizes().vec();
  std::copy(size.begin(), size.end(), sizes.end() - 2);
  return at::empty(sizes, input.options(), input.suggest_memory_format());
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, m) {
  m.impl("convolution_overrideable", convolution);
  m.impl("native_batch_norm", batch_norm);
  m.impl("relu", relu);
  m.impl("_adaptive_avg_pool2d", adaptive_average_pool);
}
