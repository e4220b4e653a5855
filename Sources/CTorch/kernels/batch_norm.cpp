// Batch normalisation in training with an addition and ReLU behind it, in bfloat16 or float32 on the
// CPU: one pass for the statistics and one for the result, and as many backward. LibTorch runs the three
// as separate passes over memory, and in channels last each of its threads adds up a channel's numbers one
// after the other, so that statistics of many pixels lose digits (findings/aten-batch-norm-sums.sh).
#include "kernels.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

namespace {

using ct::bf16;
using ct::kLane;

using ct::Floats;

// Per channel the sum of what the numbers are above a center, and of its squares: where a mean is large
// beside the deviation, sums of the numbers' own squares would leave no digits to the variance.
template <typename Number>
struct Moments {
  const Number *x;
  const float *center;

  template <int L>
  CT_INLINE void add(int64_t at, int64_t step, int64_t count, int64_t channels, float *first,
                     float *second) const {
    Floats sums[L] = {}, squares[L] = {}, centers[L], value;
    for (int j = 0; j < L; j++) ct::load(center + (at + j * kLane) % channels, centers[j]);
    const Number *place = x + at;
    for (int64_t i = 0; i < count; i++, place += step) {
      for (int j = 0; j < L; j++) {
        ct::load(place + j * kLane, value);
        value -= centers[j];
        sums[j] += value;
        squares[j] += value * value;
      }
    }
    ct::add_lanes<L>(sums, at, channels, first);
    ct::add_lanes<L>(squares, at, channels, second);
  }
};

CT_NUMBER_KERNEL(statistics, (const Number *x, const float *center, int64_t begin, int64_t end,
                              int64_t channels, float *sums, float *squares),
                 (x, center, begin, end, channels, sums, squares)) {
  ct::sum_rows(Moments<Number>{x, center}, begin, end, channels, sums, squares);
}

// y = x · scale + shift, plus the addend, through ReLU.
template <bool adds, bool relu, typename Number>
CT_INLINE void apply_rows(const Number *x, const Number *addend, Number *y, int64_t begin,
                          int64_t end, int64_t channels, const float *scale, const float *shift) {
  Floats value, factor, offset, other;
  for (int64_t row = begin; row < end; row++) {
    for (int64_t c = 0; c < channels; c += kLane) {
      int64_t at = row * channels + c;
      ct::load(x + at, value);
      ct::load(scale + c, factor);
      ct::load(shift + c, offset);
      value = value * factor + offset;
      if (adds) {
        ct::load(addend + at, other);
        value += other;
      }
      if (relu) value = value < 0 ? Floats{} : value;  // not a number stays so
      ct::store(value, y + at);
    }
  }
}

CT_NUMBER_KERNEL(apply, (const Number *x, const Number *addend, bool relu, Number *y, int64_t begin,
                         int64_t end, int64_t channels, const float *scale, const float *shift),
                 (x, addend, relu, y, begin, end, channels, scale, shift)) {
  if (addend && relu) {
    apply_rows<true, true>(x, addend, y, begin, end, channels, scale, shift);
  } else if (addend) {
    apply_rows<true, false>(x, addend, y, begin, end, channels, scale, shift);
  } else if (relu) {
    apply_rows<false, true>(x, addend, y, begin, end, channels, scale, shift);
  } else {
    apply_rows<false, false>(x, addend, y, begin, end, channels, scale, shift);
  }
}

// The gradient before the addition and ReLU: that of the output where the output is positive.
template <bool relu, typename Number>
CT_INLINE void load_masked(const Number *gradient, const Number *y, int64_t at, Floats &value) {
  ct::load(gradient + at, value);
  if (!relu) return;
  Floats output;
  ct::load(y + at, output);
  value = output > 0 ? value : Floats{};
}

// Per channel the sum of gradients and of gradients times (x − mean), and the gradients themselves.
template <bool relu, bool stores, typename Number>
struct Products {
  const Number *gradient, *y, *x;
  Number *stored;
  const float *mean;

  template <int L>
  CT_INLINE void add(int64_t at, int64_t step, int64_t count, int64_t channels, float *first,
                     float *second) const {
    Floats sums[L] = {}, products[L] = {}, centers[L], value, input;
    for (int j = 0; j < L; j++) ct::load(mean + (at + j * kLane) % channels, centers[j]);
    int64_t place = at;
    for (int64_t i = 0; i < count; i++, place += step) {
      for (int j = 0; j < L; j++) {
        load_masked<relu>(gradient, y, place + j * kLane, value);
        ct::load(x + place + j * kLane, input);
        sums[j] += value;
        products[j] += value * (input - centers[j]);
        if (stores) ct::store(value, stored + place + j * kLane);
      }
    }
    ct::add_lanes<L>(sums, at, channels, first);
    ct::add_lanes<L>(products, at, channels, second);
  }
};

CT_NUMBER_KERNEL(reduce, (const Number *gradient, const Number *y, const Number *x, Number *stored,
                          int64_t begin, int64_t end, int64_t channels, const float *mean,
                          float *sums, float *products),
                 (gradient, y, x, stored, begin, end, channels, mean, sums, products)) {
  if (y && stored) {
    Products<true, true, Number> kernel{gradient, y, x, stored, mean};
    ct::sum_rows(kernel, begin, end, channels, sums, products);
  } else if (y) {
    Products<true, false, Number> kernel{gradient, y, x, stored, mean};
    ct::sum_rows(kernel, begin, end, channels, sums, products);
  } else {
    Products<false, false, Number> kernel{gradient, y, x, stored, mean};
    ct::sum_rows(kernel, begin, end, channels, sums, products);
  }
}

// The gradient of the input: g · a + x · b + c.
template <bool relu, typename Number>
CT_INLINE void input_rows(const Number *gradient, const Number *y, const Number *x, Number *result,
                          int64_t begin, int64_t end, int64_t channels, const float *a,
                          const float *b, const float *shift) {
  Floats value, input, factor, slope, offset;
  for (int64_t row = begin; row < end; row++) {
    for (int64_t c = 0; c < channels; c += kLane) {
      int64_t at = row * channels + c;
      load_masked<relu>(gradient, y, at, value);
      ct::load(x + at, input);
      ct::load(a + c, factor);
      ct::load(b + c, slope);
      ct::load(shift + c, offset);
      value = value * factor + (input * slope + offset);
      ct::store(value, result + at);
    }
  }
}

CT_NUMBER_KERNEL(input, (const Number *gradient, const Number *y, const Number *x, Number *result,
                         int64_t begin, int64_t end, int64_t channels, const float *a,
                         const float *b, const float *shift),
                 (gradient, y, x, result, begin, end, channels, a, b, shift)) {
  if (y) {
    input_rows<true>(gradient, y, x, result, begin, end, channels, a, b, shift);
  } else {
    input_rows<false>(gradient, y, x, result, begin, end, channels, a, b, shift);
  }
}

at::Tensor float_vector(int64_t count) { return at::empty({count}, at::kFloat); }

// A map as the kernels see it. Where the channels are not whole lanes, so many neighbouring rows that
// they are count as one of several times the channels.
struct Shape {
  int64_t channels, rows, group, width;

  explicit Shape(const at::Tensor &x)
      : channels(x.size(1)),
        rows(x.numel() / channels),
        group(kLane / std::gcd(channels, kLane)),
        width(channels * group) {}

  // Once for each row of a group.
  std::vector<float> repeated(const float *values) const {
    std::vector<float> result(width);
    for (int64_t i = 0; i < width; i++) result[i] = values[i % channels];
    return result;
  }

  // The body's begin and end are groups.
  template <typename Body>
  void for_pieces(const Body &body) const {
    ct::for_pieces(rows / group, body);
  }
};

// What a norm makes of a batch, and the statistics of that.
struct Normal {
  at::Tensor result, mean, inverse;
};

template <typename Number>
Normal normalized(const ct_batch_norm &norm, const at::Tensor &x, const at::Tensor &addend,
                  bool relu) {
  Shape shape(x);
  int64_t channels = shape.channels, count = shape.rows, width = shape.width;
  // The first pixel is a center: it is about as large as the others.
  std::vector<float> first(width);
  Floats lane;
  for (int64_t c = 0; c < width; c += kLane) {
    ct::load(ct::rows<Number>(x) + c, lane);
    ct::store(lane, &first[c]);
  }
  std::vector<float> centers = shape.repeated(first.data());
  std::vector<float> sums(ct::kPieces * width), squares(ct::kPieces * width);
  shape.for_pieces([&](int64_t piece, int64_t begin, int64_t end, int64_t) {
    statistics(ct::rows<Number>(x), centers.data(), begin, end, width, &sums[piece * width],
               &squares[piece * width]);
  });
  auto sum = ct::total(sums, channels), square = ct::total(squares, channels);
  Normal normal{at::empty_like(x), float_vector(channels), float_vector(channels)};
  std::vector<float> scale(channels), shift(channels);
  auto *weight = ct::borrow(norm.weight).const_data_ptr<float>();
  auto *bias = ct::borrow(norm.bias).const_data_ptr<float>();
  auto *running_mean = ct::borrow(norm.running_mean).mutable_data_ptr<float>();
  auto *running_var = ct::borrow(norm.running_var).mutable_data_ptr<float>();
  for (int64_t c = 0; c < channels; c++) {
    double above = sum[c] / count, m = centers[c] + above;
    double variance = std::max(0.0, square[c] / count - above * above);
    double i = 1 / std::sqrt(variance + norm.epsilon), momentum = norm.momentum;
    normal.mean.mutable_data_ptr<float>()[c] = m;
    normal.inverse.mutable_data_ptr<float>()[c] = i;
    scale[c] = weight[c] * i;
    shift[c] = bias[c] - m * weight[c] * i;
    double unbiased = count > 1 ? variance * count / (count - 1) : variance;
    running_mean[c] = (1 - momentum) * running_mean[c] + momentum * m;
    running_var[c] = (1 - momentum) * running_var[c] + momentum * unbiased;
  }
  scale = shape.repeated(scale.data());
  shift = shape.repeated(shift.data());
  shape.for_pieces([&](int64_t, int64_t begin, int64_t end, int64_t) {
    apply(ct::rows<Number>(x), ct::rows<Number>(addend), relu,
          ct::mutable_rows<Number>(normal.result), begin, end, width, scale.data(), shift.data());
  });
  return normal;
}

struct Gradients {
  at::Tensor input, weight, bias, addend;
};

// Of what `normalized` makes. `y` is undefined where there was no ReLU.
template <typename Number>
Gradients gradients(const at::Tensor &g, const at::Tensor &y, const at::Tensor &x,
                    const at::Tensor &weight, const at::Tensor &mean, const at::Tensor &inverse,
                    bool wants_addend) {
  // Without ReLU the addend's gradient is the output's own.
  at::Tensor stored = wants_addend && y.defined() ? at::empty_like(x) : at::Tensor();
  Shape shape(x);
  int64_t channels = shape.channels, count = shape.rows, width = shape.width;
  auto *m = mean.const_data_ptr<float>();
  auto *i = inverse.const_data_ptr<float>();
  auto *w = weight.const_data_ptr<float>();
  std::vector<float> sums(ct::kPieces * width), products(ct::kPieces * width);
  std::vector<float> centers = shape.repeated(m);
  shape.for_pieces([&](int64_t piece, int64_t begin, int64_t end, int64_t) {
    reduce(ct::rows<Number>(g), ct::rows<Number>(y), ct::rows<Number>(x),
           ct::mutable_rows<Number>(stored), begin, end, width, centers.data(),
           &sums[piece * width], &products[piece * width]);
  });
  auto sum = ct::total(sums, channels), product = ct::total(products, channels);
  at::Tensor before = stored.defined() ? stored : g;
  Gradients result{at::empty_like(x), float_vector(channels), float_vector(channels), before};
  std::vector<float> a(channels), b(channels), shift(channels);
  for (int64_t c = 0; c < channels; c++) {
    result.bias.mutable_data_ptr<float>()[c] = sum[c];
    result.weight.mutable_data_ptr<float>()[c] = product[c] * i[c];
    a[c] = w[c] * i[c];
    b[c] = -a[c] * i[c] * i[c] * product[c] / count;
    shift[c] = -a[c] * sum[c] / count - b[c] * m[c];
  }
  at::Tensor mask = stored.defined() ? at::Tensor() : y;
  a = shape.repeated(a.data());
  b = shape.repeated(b.data());
  shift = shape.repeated(shift.data());
  shape.for_pieces([&](int64_t, int64_t begin, int64_t end, int64_t) {
    input(ct::rows<Number>(before), ct::rows<Number>(mask), ct::rows<Number>(x),
          ct::mutable_rows<Number>(result.input), begin, end, width, a.data(), b.data(),
          shift.data());
  });
  return result;
}

}  // namespace

bool ct_batch_norm_is_fusible(ct_tensor input, ct_tensor weight) {
  at::Tensor x = ct::borrow(input);
  at::ScalarType type = x.scalar_type();
  if (!ct::is_number(type) || !ct::is_map(x, type) || x.numel() == 0) return false;
  Shape shape(x);
  return shape.rows % shape.group == 0 && ct::borrow(weight).scalar_type() == at::kFloat;
}

ct_error ct_batch_norm_forward(const ct_batch_norm *norm, ct_tensor input, ct_tensor addend,
                               bool relu, ct_tensor *output, ct_tensor *mean, ct_tensor *inverse) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(input);
    at::Tensor added = addend ? ct::as_rows(ct::borrow(addend), x.scalar_type()) : at::Tensor();
    TORCH_CHECK(!addend || added.sizes() == x.sizes(), "an addend of another shape");
    auto pass = x.scalar_type() == at::kFloat ? normalized<float> : normalized<bf16>;
    Normal normal = pass(*norm, x, added, relu);
    *output = ct::hand_over(normal.result);
    *mean = ct::hand_over(normal.mean);
    *inverse = ct::hand_over(normal.inverse);
  });
}

ct_error ct_batch_norm_backward(ct_tensor gradient, ct_tensor output, ct_tensor input,
                                ct_tensor weight, ct_tensor mean, ct_tensor inverse,
                                bool wants_addend, ct_tensor *input_gradient,
                                ct_tensor *weight_gradient, ct_tensor *bias_gradient,
                                ct_tensor *addend_gradient) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(input);
    at::Tensor g = ct::as_rows(ct::borrow(gradient), x.scalar_type());
    at::Tensor y = output ? ct::borrow(output) : at::Tensor();
    auto pass = x.scalar_type() == at::kFloat ? gradients<float> : gradients<bf16>;
    Gradients found = pass(g, y, x, ct::borrow(weight), ct::borrow(mean), ct::borrow(inverse),
                           wants_addend);
    *input_gradient = ct::hand_over(found.input);
    *weight_gradient = ct::hand_over(found.weight);
    *bias_gradient = ct::hand_over(found.bias);
    *addend_gradient = wants_addend ? ct::hand_over(found.addend) : nullptr;
  });
}
