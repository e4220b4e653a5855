// Depthwise 3×3 convolution with padding 1 and stride 1 or 2 in bfloat16 on the CPU, forward and
// backward. LibTorch's backward pass for stride 2 is ten times slower in bfloat16 than in float32.
//
// Every channel goes by itself, so that lanes of 16 channels are worked on. Where their number is no
// multiple of 16 the last lane begins 16 before the end, and repeats some of the one before it.
#include "kernels.h"

#include <ATen/ops/empty.h>

namespace {

using ct::bf16;
using ct::Floats;
using ct::kLane;
using ct::Words;

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

  // How many rows of outputs all lanes go over before the next: as many as a cache keeps the inputs of.
  int64_t rows_of_block() const {
    return std::max<int64_t>(1, 65536 / (out_width * stride * stride * channels));
  }
};

// Where the lane begins.
CT_INLINE int64_t start(int64_t lane, int64_t channels) {
  return std::min(lane * kLane, channels - kLane);
}

// Calls work.run<L>(lane) for groups of L lanes: two, which fill a line of the cache, or one of those left over.
template <typename Work>
CT_INLINE void for_lanes(int64_t channels, const Work &work) {
  int64_t lane = 0;
  for (; (lane + 2) * kLane <= channels; lane += 2) work.template run<2>(lane);
  for (; lane * kLane < channels; lane++) work.template run<1>(lane);
}

// L lanes of channels.
template <int L>
struct Lanes {
  Floats values[L] = {};

  CT_INLINE void add_product(const Lanes &a, const Lanes &b) {
    for (int j = 0; j < L; j++) values[j] += a.values[j] * b.values[j];
  }
};

template <typename Number>
CT_INLINE void load(const Number *from, Lanes<1> &lanes) {
  ct::load(from, lanes.values[0]);
}

template <typename Number>
CT_INLINE void store(const Lanes<1> &lanes, Number *to) {
  ct::store(lanes.values[0], to);
}

// Of two lanes one has the even channels and one the odd, which lie in the two halves of words of bfloat16.
CT_INLINE void load(const bf16 *from, Lanes<2> &lanes) {
  Words words;
  std::memcpy(&words, from, sizeof words);
  lanes.values[0] = (Floats)(words << 16);
  lanes.values[1] = (Floats)(words & 0xFFFF0000);
}

CT_INLINE void store(const Lanes<2> &lanes, bf16 *to) {
  Words even = (Words)lanes.values[0], odd = (Words)lanes.values[1];
  even = (even + 0x7FFF + ((even >> 16) & 1)) >> 16;
  odd = (odd + 0x7FFF + ((odd >> 16) & 1)) & 0xFFFF0000;
  const Words words = even | odd;
  std::memcpy(to, &words, sizeof words);
}

CT_INLINE void load(const float *from, Lanes<2> &lanes) {
  Floats low, high;
  ct::load(from, low);
  ct::load(from + kLane, high);
  lanes.values[0] = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22,
                                            24, 26, 28, 30);
  lanes.values[1] = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23,
                                            25, 27, 29, 31);
}

CT_INLINE void store(const Lanes<2> &lanes, float *to) {
  const Floats &even = lanes.values[0], &odd = lanes.values[1];
  ct::store(__builtin_shufflevector(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7,
                                    23),
            to);
  ct::store(__builtin_shufflevector(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30,
                                    15, 31),
            to + kLane);
}

alignas(64) constexpr bf16 kZeros[2 * kLane] = {};

// A row of pixels from a channel on, or zeros in the place of one outside of the image.
struct Row {
  const bf16 *pixels = kZeros;
  int64_t step = 0;

  Row() = default;
  CT_INLINE Row(const bf16 *image, int64_t y, int64_t height, int64_t width, int64_t channels,
                int64_t c) {
    if (y < 0 || y >= height) return;
    pixels = image + y * width * channels + c;
    step = channels;
  }

  template <int L>
  CT_INLINE void read(int64_t x, Lanes<L> &lanes) const {
    load(pixels + x * step, lanes);
  }
};

// Three rows of the input, which one row of outputs sees.
struct Window {
  Row rows[3];

  CT_INLINE Window(const Shape &s, const bf16 *x, int64_t row, int64_t c) {
    const bf16 *image = x + row / s.out_height * s.height * s.width * s.channels;
    const int64_t top = row % s.out_height * s.stride - 1;
    for (int ky = 0; ky < 3; ky++) {
      rows[ky] = Row(image, top + ky, s.height, s.width, s.channels, c);
    }
  }
};

// Rows [begin, end) of outputs. Each pixel is loaded once a row and added to the sums that see it.
struct Forward {
  const Shape &s;
  const bf16 *x;
  const float *weights;
  bf16 *y;
  int64_t begin, end;

  template <int L>
  CT_INLINE void run(int64_t lane) const {
    const int64_t c = start(lane, s.channels);
    Lanes<L> weight[9];
    for (int k = 0; k < 9; k++) load(weights + k * s.channels + c, weight[k]);
    for (int64_t row = begin; row < end; row++) {
      const Window window(s, x, row, c);
      bf16 *result = y + row * s.out_width * s.channels + c;
      if (s.channels >= 8 * kLane) fetch_ahead(row, c, L * kLane);
      s.stride == 1 ? dense(window, weight, result) : strided(window, weight, result);
    }
  }

  // Fetches a share of what the next block reads and writes. Passes over few of many channels read lines far apart, which
  // a processor does not foresee.
  CT_INLINE void fetch_ahead(int64_t row, int64_t c, int64_t lanes) const {
    const int64_t next = std::min(row + s.rows_of_block(), s.images * s.out_height - 1);
    for (int64_t i = 0; i < s.out_width * lanes; i += 2 * kLane) {
      __builtin_prefetch(y + (next * s.channels + c) * s.out_width + i, 1, 2);
    }
    const int64_t top = next / s.out_height * s.height + next % s.out_height * s.stride + 1;
    for (int64_t ky = 0; ky < s.stride; ky++) {
      const int64_t below = std::min(top + ky, s.images * s.height - 1);
      for (int64_t i = 0; i < s.width * lanes; i += 2 * kLane) {
        __builtin_prefetch(x + (below * s.channels + c) * s.width + i, 0, 2);
      }
    }
  }

  template <int L>
  CT_INLINE void dense(const Window &window, const Lanes<L> (&weight)[9], bf16 *result) const {
    Lanes<L> before, here;
    for (int64_t x = 0; x < s.width; x++) {
      Lanes<L> behind;
      for (int ky = 0; ky < 3; ky++) {
        Lanes<L> pixel;
        window.rows[ky].read(x, pixel);
        before.add_product(pixel, weight[3 * ky + 2]);
        here.add_product(pixel, weight[3 * ky + 1]);
        behind.add_product(pixel, weight[3 * ky]);
      }
      if (x > 0) store(before, result + (x - 1) * s.channels);
      before = here;
      here = behind;
    }
    store(before, result + (s.width - 1) * s.channels);
  }

  template <int L>
  CT_INLINE void strided(const Window &window, const Lanes<L> (&weight)[9], bf16 *result) const {
    Lanes<L> here;
    for (int64_t x = 0; x < s.out_width; x++) {
      Lanes<L> behind;
      for (int ky = 0; ky < 3; ky++) {
        Lanes<L> pixel;
        window.rows[ky].read(2 * x, pixel);
        here.add_product(pixel, weight[3 * ky + 1]);
        if (2 * x + 1 == s.width) continue;
        window.rows[ky].read(2 * x + 1, pixel);
        here.add_product(pixel, weight[3 * ky + 2]);
        behind.add_product(pixel, weight[3 * ky]);
      }
      store(here, result + x * s.channels);
      here = behind;
    }
  }
};

CT_KERNEL(forward, (const Shape &s, const bf16 *x, const float *weight, bf16 *y, int64_t begin,
                    int64_t end),
          (s, x, weight, y, begin, end)) {
  for (int64_t row = begin; row < end; row += s.rows_of_block()) {
    for_lanes(s.channels,
              Forward{s, x, weight, y, row, std::min(end, row + s.rows_of_block())});
  }
}

// A row of the gradients for the inputs of a convolution with stride 2.
struct InputGradient {
  const Shape &s;
  const bf16 *gradient;
  const float *weights;
  bf16 *result;
  int64_t row;

  template <int L>
  CT_INLINE void run(int64_t lane) const {
    const int64_t c = start(lane, s.channels);
    const bf16 *image = gradient + row / s.height * s.out_height * s.out_width * s.channels;
    const int64_t y = row % s.height;
    // Output o sees the inputs from 2 o − 1 to 2 o + 1: an even row is the middle of one output, an odd one is seen by two.
    const bool is_odd = y % 2 == 1;
    const int places[2] = {is_odd ? 2 : 1, 0};
    Row rows[2];
    rows[0] = Row(image, y / 2, s.out_height, s.out_width, s.channels, c);
    if (is_odd) rows[1] = Row(image, y / 2 + 1, s.out_height, s.out_width, s.channels, c);
    Lanes<L> weight[2][3], here[2];
    for (int i = 0; i < 2; i++) {
      rows[i].read(0, here[i]);
      for (int kx = 0; kx < 3; kx++) {
        load(weights + (3 * places[i] + kx) * s.channels + c, weight[i][kx]);
      }
    }
    bf16 *to = result + row * s.width * s.channels + c;
    for (int64_t x = 0; x < s.out_width; x++) {
      Lanes<L> even, odd;
      for (int i = 0; i < 2; i++) {
        Lanes<L> behind;
        if (x + 1 < s.out_width) rows[i].read(x + 1, behind);
        even.add_product(here[i], weight[i][1]);
        odd.add_product(here[i], weight[i][2]);
        odd.add_product(behind, weight[i][0]);
        here[i] = behind;
      }
      store(even, to + 2 * x * s.channels);
      if (2 * x + 1 < s.width) store(odd, to + (2 * x + 1) * s.channels);
    }
  }
};

CT_KERNEL(input_gradient, (const Shape &s, const bf16 *gradient, const float *weight, bf16 *result,
                           int64_t begin, int64_t end),
          (s, gradient, weight, result, begin, end)) {
  for (int64_t row = begin; row < end; row++) {
    for_lanes(s.channels, InputGradient{s, gradient, weight, result, row});
  }
}

// What output rows [begin, end) give to the sums [9, lanes, 16] of the weights' gradient.
struct WeightGradient {
  const Shape &s;
  const bf16 *gradient, *x;
  int64_t begin, end;
  float *sums;

  template <int L>
  CT_INLINE void run(int64_t lane) const {
    const int64_t c = start(lane, s.channels);
    Lanes<L> products[9];
    float *place = sums + lane * kLane;
    for (int k = 0; k < 9; k++) load(place + k * s.lanes() * kLane, products[k]);
    for (int64_t row = begin; row < end; row++) {
      const Window window(s, x, row, c);
      const bf16 *values = gradient + row * s.out_width * s.channels + c;
      s.stride == 1 ? dense(window, values, products) : strided(window, values, products);
    }
    for (int k = 0; k < 9; k++) store(products[k], place + k * s.lanes() * kLane);
  }

  template <int L>
  CT_INLINE void dense(const Window &window, const bf16 *values, Lanes<L> (&products)[9]) const {
    Lanes<L> before, here;
    load(values, here);
    for (int64_t x = 0; x < s.width; x++) {
      Lanes<L> behind;
      if (x + 1 < s.width) load(values + (x + 1) * s.channels, behind);
      for (int ky = 0; ky < 3; ky++) {
        Lanes<L> pixel;
        window.rows[ky].read(x, pixel);
        products[3 * ky].add_product(pixel, behind);
        products[3 * ky + 1].add_product(pixel, here);
        products[3 * ky + 2].add_product(pixel, before);
      }
      before = here;
      here = behind;
    }
  }

  template <int L>
  CT_INLINE void strided(const Window &window, const bf16 *values, Lanes<L> (&products)[9]) const {
    Lanes<L> here;
    load(values, here);
    for (int64_t x = 0; x < s.out_width; x++) {
      Lanes<L> behind;
      if (x + 1 < s.out_width) load(values + (x + 1) * s.channels, behind);
      for (int ky = 0; ky < 3; ky++) {
        Lanes<L> pixel;
        window.rows[ky].read(2 * x, pixel);
        products[3 * ky + 1].add_product(pixel, here);
        if (2 * x + 1 == s.width) continue;
        window.rows[ky].read(2 * x + 1, pixel);
        products[3 * ky].add_product(pixel, behind);
        products[3 * ky + 2].add_product(pixel, here);
      }
      here = behind;
    }
  }
};

CT_KERNEL(weight_gradient, (const Shape &s, const bf16 *gradient, const bf16 *x, int64_t begin,
                            int64_t end, float *sums),
          (s, gradient, x, begin, end, sums)) {
  for (int64_t row = begin; row < end; row += s.rows_of_block()) {
    for_lanes(s.channels,
              WeightGradient{s, gradient, x, row, std::min(end, row + s.rows_of_block()), sums});
  }
}

// Weights [C, 1, 3, 3], rounded to bfloat16, as [9, C].
at::Tensor by_place(const at::Tensor &weight) {
  return weight.detach().to(at::kBFloat16).to(at::kFloat).reshape({-1, 9}).t().contiguous();
}

at::Tensor for_weight(const Shape &s, const at::Tensor &gradient, const at::Tensor &x,
                      const at::Tensor &weight) {
  int64_t size = s.lanes() * 9 * kLane;
  // Pieces whose sums are little work beside their pixels.
  const int64_t pixels = s.images * s.out_height * s.out_width;
  const int64_t pieces = std::clamp<int64_t>(pixels / 128, 1, ct::kPieces);
  std::vector<float> parts(pieces * size);
  ct::for_pieces(
      s.images * s.out_height,
      [&](int64_t piece, int64_t begin, int64_t end, int64_t) {
        weight_gradient(s, ct::rows(gradient), ct::rows(x), begin, end, &parts[piece * size]);
      },
      pieces);
  std::vector<double> sums = ct::total(parts, size);
  at::Tensor result = at::empty({s.channels, 9}, at::kFloat);
  auto *to = result.mutable_data_ptr<float>();
  for (int64_t lane = 0; lane < s.lanes(); lane++) {
    for (int64_t k = 0; k < 9; k++) {
      for (int64_t j = 0; j < kLane; j++) {
        to[(start(lane, s.channels) + j) * 9 + k] = sums[(k * s.lanes() + lane) * kLane + j];
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
                               int64_t stride, bool wants_input, bool wants_weight,
                               ct_tensor *for_input, ct_tensor *weight_gradient) {
  return ct::guard([&] {
    at::Tensor g = ct::as_bf16_rows(ct::borrow(gradient)), x = ct::borrow(input);
    Shape s(x, stride);
    if (wants_weight) *weight_gradient = ct::hand_over(for_weight(s, g, x, ct::borrow(weight)));
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
