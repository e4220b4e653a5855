// The hierarchical context loss in bfloat16 on the CPU: the differences of two maps, their squares and
// their averages over bins in one pass forward, the gradient in one pass backward. The differences
// themselves are never stored.
#include "kernels.h"

namespace {

using ct::bf16;
using ct::Floats;
using ct::kLane;

// Both maps, and bins × bins bins of whole numbers of pixels.
struct Shape {
  int64_t height, width, channels, bins;

  int64_t tall() const { return height / bins; }
  int64_t wide() const { return width / bins; }
};

// Adds up a row of bins of one image: per bin and channel the sum of differences into `sums`
// [bins, C], and per channel the sum of their squares into `squares` [C].
CT_KERNEL(add_bins, (const bf16 *student, const bf16 *teacher, const Shape &s, float *sums,
                     float *squares),
          (student, teacher, s, sums, squares)) {
  for (int64_t c = 0; c < s.channels; c += kLane) {
    Floats square, a, b;
    ct::load(squares + c, square);
    for (int64_t bin = 0; bin < s.bins; bin++) {
      Floats sum = {};
      for (int64_t y = 0; y < s.tall(); y++) {
        int64_t at = (y * s.width + bin * s.wide()) * s.channels + c;
        for (int64_t x = 0; x < s.wide(); x++, at += s.channels) {
          ct::load(student + at, a);
          ct::load(teacher + at, b);
          a -= b;
          sum += a;
          square += a * a;
        }
      }
      ct::store(sum, sums + bin * s.channels + c);
    }
    ct::store(square, squares + c);
  }
}

// The gradient of a row of bins: difference · factor + the bin's share.
CT_KERNEL(spread_bins, (const bf16 *student, const bf16 *teacher, const Shape &s, float factor,
                        float scale, const float *shares, bf16 *result),
          (student, teacher, s, factor, scale, shares, result)) {
  for (int64_t y = 0; y < s.tall(); y++) {
    for (int64_t x = 0; x < s.width; x++) {
      const float *share = shares + x / s.wide() * s.channels;
      int64_t at = (y * s.width + x) * s.channels;
      for (int64_t c = 0; c < s.channels; c += kLane) {
        Floats a, b;
        ct::load(student + at + c, a);
        ct::load(teacher + at + c, b);
        a = (a - b) * factor;
        ct::load(share + c, b);
        ct::store(a + b * scale, result + at + c);
      }
    }
  }
}

// Turns one image's sums over bins [bins, bins, C] into what each of its bins adds to the gradient of
// its pixels, and returns the pooled scales' part of the loss.
//
// A pooled map of b × b bins has the term weight · mean(average²) and the gradient
// 2 · weight / count · average / pixels for each pixel of a bin. Coarser bins are made of finer ones.
// `shares` has room for as many numbers.
double pool(const Shape &s, const double *weights, int64_t images, float *sums, double *shares) {
  double loss = 0;
  int64_t pixels = s.height * s.width, scale = 0, finest = s.bins;
  int64_t size = finest * finest * s.channels;
  std::fill_n(shares, size, 0.0);
  for (int64_t bins = finest; bins >= 1; bins /= 2, scale++) {
    double weight = weights[scale + 1], count = double(images) * s.channels * bins * bins;
    double inside = double(pixels) / (bins * bins);
    int64_t ratio = finest / bins;
    for (int64_t by = 0; by < bins; by++) {
      for (int64_t bx = 0; bx < bins; bx++) {
        for (int64_t c = 0; c < s.channels; c++) {
          auto each = [&](auto &&use) {
            for (int64_t y = by * ratio; y < (by + 1) * ratio; y++) {
              for (int64_t x = bx * ratio; x < (bx + 1) * ratio; x++) {
                use((y * finest + x) * s.channels + c);
              }
            }
          };
          double sum = 0;
          each([&](int64_t at) { sum += sums[at]; });
          double average = sum / inside;
          loss += weight / count * average * average;
          each([&](int64_t at) { shares[at] += 2 * weight / count / inside * average; });
        }
      }
    }
  }
  std::copy_n(shares, size, sums);
  return loss;
}

}  // namespace

bool ct_hierarchical_loss_is_fusible(ct_tensor student, ct_tensor teacher, int64_t bins) {
  at::Tensor x = ct::borrow(student), y = ct::borrow(teacher);
  return ct::is_bf16_rows(x) && ct::is_bf16_rows(y) && x.sizes() == y.sizes() && x.numel() > 0 &&
         bins > 0 && x.size(2) % bins == 0 && x.size(3) % bins == 0;
}

ct_error ct_hierarchical_loss_forward(ct_tensor student, ct_tensor teacher, int64_t bins,
                                      const double *weights, ct_tensor *loss, ct_tensor *shares) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(student), y = ct::borrow(teacher);
    int64_t images = x.size(0);
    Shape shape{x.size(2), x.size(3), x.size(1), bins};
    int64_t image = x.numel() / images, row = bins * shape.channels;
    at::Tensor sums = at::empty({images, bins, bins, shape.channels}, at::kFloat);
    std::vector<double> parts(ct::kPieces, 0.0);
    double full = weights[0] / double(x.numel());
    at::Tensor squares = at::zeros({ct::kPieces, shape.channels}, at::kFloat);
    at::Tensor scratch = at::empty({at::get_num_threads(), bins * row}, at::kDouble);
    ct::for_pieces(images, [&](int64_t piece, int64_t begin, int64_t end, int64_t slot) {
      double *room = scratch.mutable_data_ptr<double>() + slot * bins * row;
      float *own = sums.mutable_data_ptr<float>();
      float *square = squares.mutable_data_ptr<float>() + piece * shape.channels;
      for (int64_t n = begin; n < end; n++) {
        for (int64_t by = 0; by < bins; by++) {
          int64_t at = n * image + by * shape.tall() * shape.width * shape.channels;
          add_bins(ct::rows(x) + at, ct::rows(y) + at, shape, own + (n * bins + by) * row, square);
        }
        parts[piece] += pool(shape, weights, images, own + n * bins * row, room);
      }
      for (int64_t c = 0; c < shape.channels; c++) parts[piece] += full * square[c];
    });
    double total = 0;
    for (double part : parts) total += part;
    *loss = ct::hand_over(at::scalar_tensor(total, at::kFloat));
    *shares = ct::hand_over(sums);
  });
}

ct_error ct_hierarchical_loss_backward(ct_tensor gradient, ct_tensor student, ct_tensor teacher,
                                       ct_tensor shares, double weight, ct_tensor *for_student) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(student), y = ct::borrow(teacher), share = ct::borrow(shares);
    Shape shape{x.size(2), x.size(3), x.size(1), share.size(1)};
    int64_t image = x.numel() / x.size(0), row = shape.bins * shape.channels;
    float scale = ct::borrow(gradient).item<float>();
    float factor = scale * 2 * weight / double(x.numel());
    at::Tensor result = at::empty_like(x);
    ct::for_pieces(x.size(0), [&](int64_t, int64_t begin, int64_t end, int64_t) {
      for (int64_t unit = begin * shape.bins; unit < end * shape.bins; unit++) {
        int64_t at = unit / shape.bins * image +
                     unit % shape.bins * shape.tall() * shape.width * shape.channels;
        spread_bins(ct::rows(x) + at, ct::rows(y) + at, shape, factor, scale,
                    share.const_data_ptr<float>() + unit * row, ct::mutable_rows(result) + at);
      }
    });
    *for_student = ct::hand_over(result);
  });
}
