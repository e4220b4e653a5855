// The gradients of a convolution by LibTorch, cut so that they do not depend on the number of threads.
//
// oneDNN adds up the gradients of weights and bias over the batch in as many parts as there are threads,
// and orders the sums of a strided convolution's input gradient by them, so that their last bits differ.
// Here the batch is cut into a number of pieces of its own, each computed by one thread; their sums are
// added up in the order of the pieces. The input's gradient with stride 1 and the forward pass were the
// same for 1 to 12 threads in 27 shapes of our networks, and are left to oneDNN.
#include <ATen/ops/cat.h>
#include <ATen/ops/promote_types.h>
#include <ATen/ops/convolution_backward_native.h>
#include <torch/library.h>

#include "convolution.h"
#include "kernels.h"

namespace {

using Gradients = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

// Into how many parts the batch is cut.
int64_t batch_parts(const at::Tensor &map, const at::Tensor &weight) {
  int64_t count = map.size(0);
  int64_t pixels = map.numel() / std::max<int64_t>(1, count * map.size(1));
  return ct::parts_of(count * pixels * weight.numel(), count);
}

struct Convolution {
  at::OptionalIntArrayRef bias_sizes;
  at::IntArrayRef stride, padding, dilation;
  bool transposed;
  at::IntArrayRef output_padding;
  int64_t groups;

  Gradients backward(const at::Tensor &gradient, const at::Tensor &input,
                     const at::Tensor &weight, std::array<bool, 3> wanted) const {
    return at::native::convolution_backward(gradient, input, weight, bias_sizes, stride, padding,
                                            dilation, transposed, output_padding, groups, wanted);
  }
};

// The sum of parts in their order, in float32 and rounded once.
template <size_t I>
at::Tensor add_up(const std::vector<Gradients> &parts) {
  const at::Tensor &first = std::get<I>(parts[0]);
  if (!first.defined() || parts.size() == 1) return first;
  at::Tensor sum = first.to(at::promote_types(first.scalar_type(), at::kFloat), false, true);
  for (size_t i = 1; i < parts.size(); i++) sum.add_(std::get<I>(parts[i]));
  return sum.to(first.scalar_type());
}

Gradients convolution_backward(const at::Tensor &gradient, const at::Tensor &input,
                               const at::Tensor &weight, at::OptionalIntArrayRef bias_sizes,
                               at::IntArrayRef stride, at::IntArrayRef padding,
                               at::IntArrayRef dilation, bool transposed,
                               at::IntArrayRef output_padding, int64_t groups,
                               std::array<bool, 3> wanted) {
  Convolution convolution{bias_sizes, stride, padding, dilation, transposed, output_padding, groups};
  Gradients result;
  bool strided = std::any_of(stride.begin(), stride.end(), [](int64_t s) { return s > 1; });
  if (wanted[0] && !strided) {
    bool is_small = ct::is_small_pointwise(input, weight, stride, padding, transposed, groups);
    std::get<0>(result) =
        is_small
            ? ct::pointwise_input_gradient(gradient, weight)
            : std::get<0>(convolution.backward(gradient, input, weight, {true, false, false}));
  }
  std::array<bool, 3> cut = {wanted[0] && strided, wanted[1], wanted[2]};
  if (!cut[0] && !cut[1] && !cut[2]) return result;
  // The smaller map of the two: each of its pixels meets every weight.
  int64_t count = input.size(0), pieces = batch_parts(transposed ? input : gradient, weight);
  std::vector<Gradients> parts(pieces);
  ct::for_parts(pieces, [&](int64_t piece) {
    int64_t begin = count * piece / pieces, size = count * (piece + 1) / pieces - begin;
    parts[piece] = convolution.backward(gradient.narrow(0, begin, size),
                                        input.narrow(0, begin, size), weight, cut);
  });
  if (cut[0]) {
    std::vector<at::Tensor> inputs;
    for (const auto &part : parts) inputs.push_back(std::get<0>(part));
    std::get<0>(result) = at::cat(inputs);
  }
  std::get<1>(result) = add_up<1>(parts);
  std::get<2>(result) = add_up<2>(parts);
  return result;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CPU, m) { m.impl("convolution_backward", convolution_backward); }
