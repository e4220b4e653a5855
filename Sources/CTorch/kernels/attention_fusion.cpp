// The fusion of ABF in bfloat16 or float32 on the CPU: attention logits, sigmoid, and the weighted sum of a
// feature and the enlarged deeper feature, in one pass forward and one backward.
#include <cmath>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "kernels.h"

namespace {

using ct::bf16;
using ct::Floats;
using ct::kLane;

// The sizes of one fusion; the deeper map is smaller by the factors.
struct Shape {
  int64_t height, width, channels, deep_height, deep_width, tall, wide;

  Shape(const at::Tensor &x, const at::Tensor &deeper)
      : height(x.size(2)), width(x.size(3)), channels(x.size(1)), deep_height(deeper.size(2)),
        deep_width(deeper.size(3)), tall(height / deep_height), wide(width / deep_width) {}
};

template <typename Number>
struct Forward {
  const Number *x, *deeper;
  // Two rows of 2m weights, then two biases.
  const float *weight, *bias;
  Number *result;
  // Two maps per pixel.
  float *maps;
};

CT_INLINE float sigmoid(float value) { return 1 / (1 + std::exp(-value)); }

// The two inner products of a pixel with two rows of weights.
template <typename Number>
CT_INLINE void products(const Number *pixel, const float *first, const float *second,
                        int64_t channels, float &a, float &b) {
  Floats one = {}, two = {}, value, row;
  for (int64_t c = 0; c < channels; c += kLane) {
    ct::load(pixel + c, value);
    ct::load(first + c, row);
    one += value * row;
    ct::load(second + c, row);
    two += value * row;
  }
  a = ct::sum(one);
  b = ct::sum(two);
}

// Rows of the deeper map, counted over the batch; each covers `tall` rows of the result.
CT_NUMBER_KERNEL(fuse, (const Forward<Number> &f, const Shape &s, int64_t begin, int64_t end),
                 (f, s, begin, end)) {
  int64_t m = s.channels;
  const float *own0 = f.weight, *deep0 = f.weight + m, *own1 = deep0 + m, *deep1 = own1 + m;
  for (int64_t row = begin; row < end; row++) {
    int64_t image = row / s.deep_height, top = row % s.deep_height * s.tall;
    for (int64_t column = 0; column < s.deep_width; column++) {
      const Number *deeper = f.deeper + (row * s.deep_width + column) * m;
      float base0, base1;
      products(deeper, deep0, deep1, m, base0, base1);
      for (int64_t r = 0; r < s.tall; r++) {
        for (int64_t q = 0; q < s.wide; q++) {
          int64_t pixel = (image * s.height + top + r) * s.width + column * s.wide + q;
          const Number *x = f.x + pixel * m;
          float z0, z1;
          products(x, own0, own1, m, z0, z1);
          z0 = sigmoid(z0 + base0 + f.bias[0]);
          z1 = sigmoid(z1 + base1 + f.bias[1]);
          f.maps[2 * pixel] = z0;
          f.maps[2 * pixel + 1] = z1;
          Number *result = f.result + pixel * m;
          Floats value, below;
          for (int64_t c = 0; c < m; c += kLane) {
            ct::load(x + c, value);
            ct::load(deeper + c, below);
            ct::store(value * z0 + below * z1, result + c);
          }
        }
      }
    }
  }
}

template <typename Number>
struct Backward {
  const Number *gradient, *x, *deeper;
  const float *weight, *maps;
  Number *for_x, *for_deeper;
};

// What one pixel of the deeper map adds up in the pixels that it covers, L lanes of channels at a time.
template <int L>
struct Sums {
  // Of the gradient times z₁, and of x times the gradients of the two logits.
  Floats deeper[L], own0[L], own1[L];
};

// One pixel of the result, whose number is `pixel`; `c` is the first of L lanes of channels.
template <int L, typename Number>
CT_INLINE void add_pixel(const Backward<Number> &f, const Shape &s, int64_t pixel, int64_t c, float a0,
                         float a1, Sums<L> &sums) {
  int64_t m = s.channels, at = pixel * m + c;
  float z0 = f.maps[2 * pixel], z1 = f.maps[2 * pixel + 1];
  for (int j = 0; j < L; j++) {
    Floats g, value, own0, own1;
    ct::load(f.gradient + at + j * kLane, g);
    ct::load(f.x + at + j * kLane, value);
    ct::load(f.weight + c + j * kLane, own0);
    ct::load(f.weight + 2 * m + c + j * kLane, own1);
    ct::store(g * z0 + own0 * a0 + own1 * a1, f.for_x + at + j * kLane);
    sums.deeper[j] += g * z1;
    sums.own0[j] += value * a0;
    sums.own1[j] += value * a1;
  }
}

// The gradients of a pixel's two logits.
template <typename Number>
CT_INLINE void logit_gradients(const Backward<Number> &f, int64_t m, int64_t pixel,
                               const Number *deeper, float &a0, float &a1) {
  const Number *x = f.x + pixel * m, *gradient = f.gradient + pixel * m;
  Floats dots0 = {}, dots1 = {}, g, value;
  for (int64_t c = 0; c < m; c += kLane) {
    ct::load(gradient + c, g);
    ct::load(x + c, value);
    dots0 += g * value;
    ct::load(deeper + c, value);
    dots1 += g * value;
  }
  float z0 = f.maps[2 * pixel], z1 = f.maps[2 * pixel + 1];
  a0 = ct::sum(dots0) * z0 * (1 - z0);
  a1 = ct::sum(dots1) * z1 * (1 - z1);
}

// As `fuse`; adds to `for_weight` (4m, as the weights lie) and `for_bias` (2). `logits` has room for two
// numbers for each pixel that one of the deeper map covers.
template <int L, typename Number>
CT_INLINE void unfuse_rows(const Backward<Number> &f, const Shape &s, int64_t begin, int64_t end,
                           float *logits, float *for_weight, float *for_bias) {
  int64_t m = s.channels;
  const float *deep0 = f.weight + m, *deep1 = f.weight + 3 * m;
  float *for_own0 = for_weight, *for_deep0 = for_weight + m, *for_own1 = for_weight + 2 * m,
        *for_deep1 = for_weight + 3 * m;
  for (int64_t row = begin; row < end; row++) {
    int64_t top = (row / s.deep_height * s.height + row % s.deep_height * s.tall) * s.width;
    for (int64_t column = 0; column < s.deep_width; column++) {
      int64_t place = (row * s.deep_width + column) * m, corner = top + column * s.wide;
      const Number *deeper = f.deeper + place;
      float below0 = 0, below1 = 0, *next = logits;
      for (int64_t r = 0; r < s.tall; r++) {
        for (int64_t q = 0; q < s.wide; q++, next += 2) {
          logit_gradients(f, m, corner + r * s.width + q, deeper, next[0], next[1]);
          below0 += next[0];
          below1 += next[1];
        }
      }
      for_bias[0] += below0;
      for_bias[1] += below1;
      for (int64_t c = 0; c < m; c += L * kLane) {
        Sums<L> sums = {};
        next = logits;
        for (int64_t r = 0; r < s.tall; r++) {
          for (int64_t q = 0; q < s.wide; q++, next += 2) {
            add_pixel<L>(f, s, corner + r * s.width + q, c, next[0], next[1], sums);
          }
        }
        ct::add_lanes<L>(sums.own0, c, m, for_own0);
        ct::add_lanes<L>(sums.own1, c, m, for_own1);
        for (int j = 0; j < L; j++) {
          Floats value, weight0, weight1, deep[2];
          int64_t at = c + j * kLane;
          ct::load(deeper + at, value);
          ct::load(deep0 + at, weight0);
          ct::load(deep1 + at, weight1);
          deep[0] = value * below0;
          deep[1] = value * below1;
          ct::add_lanes<1>(deep, at, m, for_deep0);
          ct::add_lanes<1>(deep + 1, at, m, for_deep1);
          ct::store(sums.deeper[j] + weight0 * below0 + weight1 * below1,
                    f.for_deeper + place + at);
        }
      }
    }
  }
}

CT_NUMBER_KERNEL(unfuse, (const Backward<Number> &f, const Shape &s, int64_t begin, int64_t end,
                          float *logits, float *for_weight, float *for_bias),
                 (f, s, begin, end, logits, for_weight, for_bias)) {
  if (s.channels % (4 * kLane) == 0) {
    unfuse_rows<4>(f, s, begin, end, logits, for_weight, for_bias);
  } else {
    unfuse_rows<1>(f, s, begin, end, logits, for_weight, for_bias);
  }
}

at::Tensor from_sums(const std::vector<double> &sums, int64_t begin, at::IntArrayRef sizes) {
  at::Tensor tensor = at::empty(sizes, at::kFloat);
  std::copy_n(sums.begin() + begin, tensor.numel(), tensor.mutable_data_ptr<float>());
  return tensor;
}

struct Fused {
  at::Tensor result, maps;
};

template <typename Number>
Fused fused(const at::Tensor &x, const at::Tensor &y, const at::Tensor &weight,
            const at::Tensor &bias) {
  Fused fused{at::empty_like(x), at::empty({x.size(0), x.size(2), x.size(3), 2}, at::kFloat)};
  Shape shape(x, y);
  Forward<Number> forward{ct::rows<Number>(x),
                          ct::rows<Number>(y),
                          weight.const_data_ptr<float>(),
                          bias.const_data_ptr<float>(),
                          ct::mutable_rows<Number>(fused.result),
                          fused.maps.mutable_data_ptr<float>()};
  ct::for_pieces(x.size(0) * shape.deep_height,
                 [&](int64_t, int64_t begin, int64_t end, int64_t) {
                   fuse(forward, shape, begin, end);
                 });
  return fused;
}

struct Gradients {
  at::Tensor feature, deeper, weight, bias;
};

template <typename Number>
Gradients gradients(const at::Tensor &g, const at::Tensor &x, const at::Tensor &y,
                    const at::Tensor &weight, const at::Tensor &maps) {
  at::Tensor for_x = at::empty_like(x), for_y = at::empty_like(y);
  Shape shape(x, y);
  Backward<Number> backward{ct::rows<Number>(g),
                            ct::rows<Number>(x),
                            ct::rows<Number>(y),
                            weight.const_data_ptr<float>(),
                            maps.const_data_ptr<float>(),
                            ct::mutable_rows<Number>(for_x),
                            ct::mutable_rows<Number>(for_y)};
  int64_t weights = 4 * shape.channels, width = weights + 2;
  int64_t covered = 2 * shape.tall * shape.wide;
  std::vector<float> parts(ct::kPieces * width), logits(at::get_num_threads() * covered);
  int64_t rows = x.size(0) * shape.deep_height;
  ct::for_pieces(rows, [&](int64_t piece, int64_t begin, int64_t end, int64_t slot) {
    float *own = &parts[piece * width];
    unfuse(backward, shape, begin, end, &logits[slot * covered], own, own + weights);
  });
  auto sums = ct::total(parts, width);
  return {for_x, for_y, from_sums(sums, 0, {2, 2 * shape.channels, 1, 1}),
          from_sums(sums, weights, {2})};
}

}  // namespace

bool ct_attention_fusion_is_fusible(ct_tensor feature, ct_tensor deeper, ct_tensor weight) {
  at::Tensor x = ct::borrow(feature), y = ct::borrow(deeper);
  return ct::are_rows(x, y) && x.numel() > 0 && y.numel() > 0 && x.size(0) == y.size(0) &&
         x.size(1) == y.size(1) && x.size(2) % y.size(2) == 0 && x.size(3) % y.size(3) == 0 &&
         ct::borrow(weight).scalar_type() == at::kFloat;
}

ct_error ct_attention_fusion_forward(ct_tensor feature, ct_tensor deeper, ct_tensor weight,
                                     ct_tensor bias, ct_tensor *output, ct_tensor *maps) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(feature);
    auto pass = x.scalar_type() == at::kFloat ? fused<float> : fused<bf16>;
    Fused fused = pass(x, ct::borrow(deeper), ct::borrow(weight).contiguous(),
                       ct::borrow(bias).contiguous());
    *output = ct::hand_over(fused.result);
    *maps = ct::hand_over(fused.maps);
  });
}

ct_error ct_attention_fusion_backward(ct_tensor gradient, ct_tensor feature, ct_tensor deeper,
                                      ct_tensor weight, ct_tensor maps, ct_tensor *for_feature,
                                      ct_tensor *for_deeper, ct_tensor *for_weight,
                                      ct_tensor *for_bias) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(feature);
    auto pass = x.scalar_type() == at::kFloat ? gradients<float> : gradients<bf16>;
    Gradients found = pass(ct::as_rows(ct::borrow(gradient), x.scalar_type()), x,
                           ct::borrow(deeper), ct::borrow(weight).contiguous(), ct::borrow(maps));
    *for_feature = ct::hand_over(found.feature);
    *for_deeper = ct::hand_over(found.deeper);
    *for_weight = ct::hand_over(found.weight);
    *for_bias = ct::hand_over(found.bias);
  });
}
