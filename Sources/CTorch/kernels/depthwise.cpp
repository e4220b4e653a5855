// Depthwise 3×3 convolution with padding 1 and stride 1 or 2 in bfloat16 on the CPU, forward and
// backward. LibTorch's backward pass for stride 2 is ten times slower in bfloat16 than in float32.
//
// Every channel goes by itself, so that lanes of 16 channels are worked on. Where their number is no
// multiple of 16 the last lane begins 16 before the end, and repeats some of the one before it.
#include "kernels.h"

namespace {

using ct::bf16;
using ct::Floats;
using ct::kLane;

// The input's map and the output's.
struct Shape {
  int64_t images, channels, stride, height, width, out_height, out_width;

  Shape(const at::Tensor &x, int64_t stride)
      : images(x.size(0)),
        channels(x.size(1)),
        stride(stride),
        height(x.size(2)),
        width(x.size(3)),
        out_height(ct::strided(height, stride)),
        out_width(ct::strided(width, stride)) {}

  int64_t lanes() const { return (channels + kLane - 1) / kLane; }
};

// Where the lane begins.
CT_INLINE int64_t start(int64_t lane, int64_t channels) {
  return std::min(lane * kLane, channels - kLane);
}

// The pixels that one result is a sum of, and the weights [9, C] that they have.
struct Taps {
  int count = 0;
  const bf16 *pixels[9];
  const float *weights[9];

  CT_INLINE void add(const bf16 *pixel, const float *weight) {
    pixels[count] = pixel;
    weights[count++] = weight;
  }
};

CT_INLINE void add_up(const Taps &taps, int64_t channels, bf16 *result) {
  Floats value, weight;
  for (int64_t lane = 0; lane * kLane < channels; lane++) {
    int64_t c = start(lane, channels);
    Floats sum = {};
    for (int t = 0; t < taps.count; t++) {
      ct::load(taps.pixels[t] + c, value);
      ct::load(taps.weights[t] + c, weight);
      sum += value * weight;
    }
    ct::store(sum, result + c);
  }
}

// A row of results of 3×3 windows that lie side by side. Their columns stay in registers, so that each pixel is loaded
// once for the three windows that see it.
struct Windows {
  // The three rows of pixels; null where there is none. Their weights' first rows follow each other in `weights` [9, C].
  const bf16 *rows[3] = {};
  const float *weights;
  int64_t stride, channels, in_width, out_width;

  CT_INLINE void load(int64_t x, int64_t c, Floats (&column)[3]) const {
    for (int ky = 0; ky < 3; ky++) {
      column[ky] = Floats{};
      if (rows[ky] && x < in_width) ct::load(rows[ky] + x * channels + c, column[ky]);
    }
  }

  CT_INLINE void add_up(bf16 *result) const {
    for (int64_t lane = 0; lane * kLane < channels; lane++) {
      const int64_t c = start(lane, channels);
      Floats weight[9], left[3] = {}, middle[3] = {}, right[3] = {};
      for (int k = 0; k < 9; k++) ct::load(weights + k * channels + c, weight[k]);
      if (stride == 1) load(0, c, middle);
      for (int64_t x = 0; x < out_width; x++) {
        if (stride == 2) load(2 * x, c, middle);
        load(stride * x + 1, c, right);
        Floats sum = {};
        for (int ky = 0; ky < 3; ky++) {
          sum += left[ky] * weight[3 * ky];
          sum += middle[ky] * weight[3 * ky + 1];
          sum += right[ky] * weight[3 * ky + 2];
        }
        ct::store(sum, result + x * channels + c);
        for (int ky = 0; ky < 3; ky++) {
          left[ky] = stride == 1 ? middle[ky] : right[ky];
          middle[ky] = right[ky];
        }
      }
    }
  }
};

// Rows [begin, end) of the outputs of all images.
CT_KERNEL(forward, (const Shape &s, const bf16 *x, const float *weight, bf16 *y, int64_t begin,
                    int64_t end),
          (s, x, weight, y, begin, end)) {
  for (int64_t row = begin; row < end; row++) {
    const bf16 *image = x + row / s.out_height * s.height * s.width * s.channels;
    const int64_t top = row % s.out_height * s.stride - 1;
    Windows windows{{}, weight, s.stride, s.channels, s.width, s.out_width};
    for (int64_t ky = 0; ky < 3; ky++) {
      if (top + ky < 0 || top + ky >= s.height) continue;
      windows.rows[ky] = image + (top + ky) * s.width * s.channels;
    }
    windows.add_up(y + row * s.out_width * s.channels);
  }
}

// Rows [begin, end) of the gradients for the inputs of all images.
CT_KERNEL(input_gradient, (const Shape &s, const bf16 *gradient, const float *weight, bf16 *result,
                           int64_t begin, int64_t end),
          (s, gradient, weight, result, begin, end)) {
  for (int64_t row = begin; row < end; row++) {
    const bf16 *image = gradient + row / s.height * s.out_height * s.out_width * s.channels;
    int64_t y = row % s.height;
    for (int64_t x = 0; x < s.width; x++) {
      Taps taps;
      // Output o sees the input at o · stride + k − 1.
      for (int64_t ky = 0; ky < 3; ky++) {
        int64_t down = y + 1 - ky;
        if (down < 0 || down % s.stride != 0 || down / s.stride >= s.out_height) continue;
        for (int64_t kx = 0; kx < 3; kx++) {
          int64_t along = x + 1 - kx;
          if (along < 0 || along % s.stride != 0 || along / s.stride >= s.out_width) continue;
          taps.add(image + (down / s.stride * s.out_width + along / s.stride) * s.channels,
                   weight + (ky * 3 + kx) * s.channels);
        }
      }
      add_up(taps, s.channels, result + (row * s.width + x) * s.channels);
    }
  }
}

// Adds what output rows [begin, end) give to the sums [lanes, 9, 16] of the weights' gradient.
CT_KERNEL(weight_gradient, (const Shape &s, const bf16 *gradient, const bf16 *x, int64_t begin,
                            int64_t end, float *sums),
          (s, gradient, x, begin, end, sums)) {
  for (int64_t row = begin; row < end; row++) {
    const bf16 *image = x + row / s.out_height * s.height * s.width * s.channels;
    int64_t top = row % s.out_height * s.stride - 1;
    for (int64_t lane = 0; lane * kLane < s.channels; lane++) {
      int64_t c = start(lane, s.channels);
      float *place = sums + lane * 9 * kLane;
      Floats products[9], value, input;
      for (int k = 0; k < 9; k++) ct::load(place + k * kLane, products[k]);
      for (int64_t ox = 0; ox < s.out_width; ox++) {
        int64_t left = ox * s.stride - 1;
        ct::load(gradient + (row * s.out_width + ox) * s.channels + c, value);
        for (int ky = 0; ky < 3; ky++) {
          if (top + ky < 0 || top + ky >= s.height) continue;
          for (int kx = 0; kx < 3; kx++) {
            if (left + kx < 0 || left + kx >= s.width) continue;
            ct::load(image + ((top + ky) * s.width + left + kx) * s.channels + c, input);
            products[ky * 3 + kx] += value * input;
          }
        }
      }
      for (int k = 0; k < 9; k++) ct::store(products[k], place + k * kLane);
    }
  }
}

// Weights [C, 1, 3, 3], rounded to bfloat16, as [9, C].
at::Tensor by_place(const at::Tensor &weight) {
  return weight.detach().to(at::kBFloat16).to(at::kFloat).reshape({-1, 9}).t().contiguous();
}

at::Tensor for_weight(const Shape &s, const at::Tensor &gradient, const at::Tensor &x,
                      const at::Tensor &weight) {
  int64_t size = s.lanes() * 9 * kLane;
  std::vector<float> parts(ct::kPieces * size);
  ct::for_pieces(s.images * s.out_height, [&](int64_t piece, int64_t begin, int64_t end, int64_t) {
    weight_gradient(s, ct::rows(gradient), ct::rows(x), begin, end, &parts[piece * size]);
  });
  std::vector<double> sums = ct::total(parts, size);
  at::Tensor result = at::empty({s.channels, 9}, at::kFloat);
  auto *to = result.mutable_data_ptr<float>();
  for (int64_t lane = 0; lane < s.lanes(); lane++) {
    for (int64_t k = 0; k < 9; k++) {
      for (int64_t j = 0; j < kLane; j++) {
        to[(start(lane, s.channels) + j) * 9 + k] = sums[(lane * 9 + k) * kLane + j];
      }
    }
  }
  return result.reshape(weight.sizes());
}

at::Tensor empty_map(const at::Tensor &like, int64_t height, int64_t width) {
  return at::empty({like.size(0), like.size(1), height, width},
                   like.options().memory_format(at::MemoryFormat::ChannelsLast));
}

}  // namespace

bool ct_depthwise_takes(ct_tensor input, ct_tensor weight, int64_t stride) {
  at::Tensor x = ct::borrow(input), w = ct::borrow(weight);
  return ct::is_bf16_map(x) && x.numel() > 0 && x.size(1) >= kLane && w.device().is_cpu() &&
         w.dim() == 4 && w.size(0) == x.size(1) && w.size(1) == 1 && w.size(2) == 3 &&
         w.size(3) == 3 && (stride == 1 || stride == 2);
}

ct_error ct_depthwise_forward(ct_tensor input, ct_tensor weight, int64_t stride,
                              ct_tensor *output) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(input), w = by_place(ct::borrow(weight));
    Shape s(x, stride);
    at::Tensor y = empty_map(x, s.out_height, s.out_width);
    ct::for_pieces(s.images * s.out_height, [&](int64_t, int64_t begin, int64_t end, int64_t) {
      forward(s, ct::rows(x), w.const_data_ptr<float>(), ct::mutable_rows(y), begin, end);
    });
    *output = ct::hand_over(y);
  });
}

ct_error ct_depthwise_backward(ct_tensor gradient, ct_tensor input, ct_tensor weight,
                               int64_t stride, bool wants_input, ct_tensor *for_input,
                               ct_tensor *weight_gradient) {
  return ct::guard([&] {
    at::Tensor g = ct::as_bf16_rows(ct::borrow(gradient)), x = ct::borrow(input);
    Shape s(x, stride);
    *weight_gradient = ct::hand_over(for_weight(s, g, x, ct::borrow(weight)));
    if (!wants_input) return;
    at::Tensor w = by_place(ct::borrow(weight)), result = empty_map(x, s.height, s.width);
    // With stride 1 it is a convolution with the reversed weights.
    if (stride == 1) w = w.flip(0);
    ct::for_pieces(s.images * s.height, [&](int64_t, int64_t begin, int64_t end, int64_t) {
      (stride == 1 ? forward : input_gradient)(s, ct::rows(g), w.const_data_ptr<float>(),
                                               ct::mutable_rows(result), begin, end);
    });
    *for_input = ct::hand_over(result);
  });
}
