// 1×1 convolutions of few pixels in float32, as products of matrices.
//
// Where a map has few pixels, oneDNN cuts the sums over its channels into as many parts as there are threads, so that
// the last bits differ. Products of matrices are cut by their shapes alone (matrix_product.cpp). In bfloat16
// the results were the same for 1 to 4 threads in 34 shapes of our networks, and are left to oneDNN.
#include <ATen/ops/addmm.h>
#include <ATen/ops/convolution_native.h>
#include <ATen/ops/mm.h>
#include <torch/library.h>

#include "convolution.h"
#include "kernels.h"

namespace {

// Enough for each of 64 threads to have pixels of its own.
constexpr int64_t kManyPixels = 16384;
// So few in the whole batch that one thread computes them at once.
constexpr int64_t kFewPixels = 64;

bool are(at::IntArrayRef values, int64_t value) {
  return std::all_of(values.begin(), values.end(), [&](int64_t v) { return v == value; });
}

// The pixels of a map as rows of channels, and back.
at::Tensor pixels_of(const at::Tensor &map) {
  return map.permute({0, 2, 3, 1}).reshape({-1, map.size(1)});
}

at::Tensor map_of(const at::Tensor &rows, const at::Tensor &like) {
  return rows.reshape({like.size(0), like.size(2), like.size(3), rows.size(1)})
      .permute({0, 3, 1, 2});
}

at::Tensor convolution(const at::Tensor &input, const at::Tensor &weight,
                       const std::optional<at::Tensor> &bias, at::IntArrayRef stride,
                       at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, int64_t groups) {
  if (!ct::is_small_pointwise(input, weight, stride, padding, transposed, groups)) {
    // Other convolutions are cut so too where a batch has few pixels.
    std::optional<ct::OneThread> one;
    if (input.dim() == 4 && input.numel() <= kFewPixels * input.size(1)) one.emplace();
    return at::native::convolution(input, weight, bias, stride, padding, dilation, transposed,
                                   output_padding, groups);
  }
  at::Tensor matrix = weight.flatten(1).t(), rows = pixels_of(input);
  bool adds = bias && bias->defined();
  return map_of(adds ? at::addmm(*bias, rows, matrix) : at::mm(rows, matrix), input);
}

}  // namespace

namespace ct {

bool is_small_pointwise(const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride,
                        at::IntArrayRef padding, bool transposed, int64_t groups) {
  return is_map(input, at::kFloat) && weight.scalar_type() == at::kFloat && weight.dim() == 4 &&
         are(weight.sizes().slice(2), 1) && are(stride, 1) && are(padding, 0) && !transposed &&
         groups == 1 && input.numel() > 0 &&
         input.size(0) * input.size(2) * input.size(3) < kManyPixels;
}

at::Tensor pointwise_input_gradient(const at::Tensor &gradient, const at::Tensor &weight) {
  return map_of(at::mm(pixels_of(gradient), weight.flatten(1)), gradient);
}

}  // namespace ct

TORCH_LIBRARY_IMPL(aten, CPU, m) { m.impl("convolution", convolution); }
