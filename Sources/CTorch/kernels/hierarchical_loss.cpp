// The hierarchical context loss in bfloat16 or float32 on the CPU: the differences of two maps, their squares and
// their averages over bins in one pass forward, the gradient in one pass backward. The differences
// themselves are never stored.
//
// The bins of one scale overlap where they do not divide the map, and those of a coarser scale need not be made of
// finer ones. So the map is cut at all edges of all bins into cells, of which each bin is made.
#include "kernels.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

namespace {

using ct::bf16;
using ct::Floats;
using ct::kLane;

// One bin along an axis: its cells [first, last) and how many pixels they have.
struct Bin {
  int64_t first, last, length;
};

// Height or width, cut into cells. The scales have `bins` bins, half as many, … 1.
struct Axis {
  std::vector<int64_t> edges;
  std::vector<std::vector<Bin>> scales;

  Axis(int64_t size, int64_t finest) {
    // Where adaptive pooling has its bins.
    auto begin = [size](int64_t bin, int64_t bins) { return bin * size / bins; };
    auto end = [size](int64_t bin, int64_t bins) { return ((bin + 1) * size + bins - 1) / bins; };
    for (int64_t bins = finest; bins >= 1; bins /= 2) {
      for (int64_t bin = 0; bin < bins; bin++) {
        edges.push_back(begin(bin, bins));
        edges.push_back(end(bin, bins));
      }
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    auto cell = [this](int64_t edge) {
      return std::lower_bound(edges.begin(), edges.end(), edge) - edges.begin();
    };
    for (int64_t bins = finest; bins >= 1; bins /= 2) {
      scales.emplace_back();
      for (int64_t bin = 0; bin < bins; bin++) {
        int64_t from = begin(bin, bins), to = end(bin, bins);
        scales.back().push_back({cell(from), cell(to), to - from});
      }
    }
  }

  int64_t cells() const { return static_cast<int64_t>(edges.size()) - 1; }
};

// Both maps.
struct Shape {
  Axis rows, columns;
  int64_t width, channels;

  Shape(const at::Tensor &x, int64_t bins)
      : rows(x.size(2), bins), columns(x.size(3), bins), width(x.size(3)), channels(x.size(1)) {}

  int64_t cells() const { return rows.cells() * columns.cells(); }
};

// Adds up a row of cells of one image: per cell and channel the sum of differences into `sums`
// [cells, C], and per channel the sum of their squares into `squares` [C].
CT_NUMBER_KERNEL(add_cells, (const Number *student, const Number *teacher, const Shape &s,
                             int64_t row, float *sums, float *squares),
                 (student, teacher, s, row, sums, squares)) {
  const int64_t *down = &s.rows.edges[row], *along = s.columns.edges.data();
  for (int64_t c = 0; c < s.channels; c += kLane) {
    Floats square, a, b;
    ct::load(squares + c, square);
    for (int64_t cell = 0; cell < s.columns.cells(); cell++) {
      Floats sum = {};
      for (int64_t y = down[0]; y < down[1]; y++) {
        int64_t at = (y * s.width + along[cell]) * s.channels + c;
        for (int64_t x = along[cell]; x < along[cell + 1]; x++, at += s.channels) {
          ct::load(student + at, a);
          ct::load(teacher + at, b);
          a -= b;
          sum += a;
          square += a * a;
        }
      }
      ct::store(sum, sums + cell * s.channels + c);
    }
    ct::store(square, squares + c);
  }
}

// The gradient of a row of cells: difference · factor + the cell's share.
CT_NUMBER_KERNEL(spread_cells, (const Number *student, const Number *teacher, const Shape &s,
                                int64_t row, float factor, float scale, const float *shares,
                                Number *result),
                 (student, teacher, s, row, factor, scale, shares, result)) {
  const int64_t *down = &s.rows.edges[row], *along = s.columns.edges.data();
  for (int64_t y = down[0]; y < down[1]; y++) {
    for (int64_t cell = 0; cell < s.columns.cells(); cell++) {
      const float *share = shares + cell * s.channels;
      for (int64_t x = along[cell]; x < along[cell + 1]; x++) {
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
}

// Turns one image's sums over cells [cells, C] into what each of them adds to the gradient of its
// pixels, and returns the pooled scales' part of the loss. `images` is the number of images over the factor
// of this one.
//
// A pooled map of b × b bins has the term weight · mean(average²) and the gradient
// 2 · weight / count · average / pixels for each pixel of a bin. `shares` has room for as many numbers.
double pool(const Shape &s, const double *weights, double images, float *sums, double *shares) {
  double loss = 0;
  int64_t size = s.cells() * s.channels;
  std::fill_n(shares, size, 0.0);
  for (size_t scale = 0; scale < s.rows.scales.size(); scale++) {
    const auto &rows = s.rows.scales[scale], &columns = s.columns.scales[scale];
    double weight = weights[scale + 1];
    double count = images * s.channels * rows.size() * columns.size();
    for (const Bin &row : rows) {
      for (const Bin &column : columns) {
        double inside = double(row.length) * column.length;
        for (int64_t c = 0; c < s.channels; c++) {
          auto each = [&](auto &&use) {
            for (int64_t y = row.first; y < row.last; y++) {
              for (int64_t x = column.first; x < column.last; x++) {
                use((y * s.columns.cells() + x) * s.channels + c);
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

// The factors of the images of x, null where there are none.
const float *factors_of(ct_tensor images, const at::Tensor &x) {
  if (!images) return nullptr;
  at::Tensor factors = ct::borrow(images);
  TORCH_CHECK(factors.dtype() == at::kFloat && factors.is_contiguous() && factors.dim() == 1 &&
                  factors.size(0) == x.size(0),
              "expected a float32 factor for each image");
  return factors.const_data_ptr<float>();
}

struct Loss {
  double value;
  // What each cell adds to the gradient of its pixels.
  at::Tensor shares;
};

template <typename Number>
Loss loss(const at::Tensor &x, const at::Tensor &y, const float *factors, int64_t bins,
          const double *weights) {
  const int64_t images = x.size(0), image = x.numel() / images;
  const Shape shape(x, bins);
  const int64_t row = shape.columns.cells() * shape.channels, all = shape.rows.cells() * row;
  at::Tensor sums =
      at::empty({images, shape.rows.cells(), shape.columns.cells(), shape.channels}, at::kFloat);
  std::vector<double> parts(ct::kPieces, 0.0);
  const double full = weights[0] / double(x.numel());
  at::Tensor squares = at::zeros({ct::kPieces, shape.channels}, at::kFloat);
  at::Tensor scratch = at::empty({at::get_num_threads(), all}, at::kDouble);
  ct::for_pieces(images, [&](int64_t piece, int64_t begin, int64_t end, int64_t slot) {
    double *room = scratch.mutable_data_ptr<double>() + slot * all;
    float *square = squares.mutable_data_ptr<float>() + piece * shape.channels;
    for (int64_t n = begin; n < end; n++) {
      float *own = sums.mutable_data_ptr<float>() + n * all;
      for (int64_t cells = 0; cells < shape.rows.cells(); cells++) {
        add_cells(ct::rows<Number>(x) + n * image, ct::rows<Number>(y) + n * image, shape, cells,
                  own + cells * row, square);
      }
      if (!factors) {
        parts[piece] += pool(shape, weights, double(images), own, room);
      } else if (factors[n] == 0) {
        std::fill_n(own, all, 0.0f);
        std::fill_n(square, shape.channels, 0.0f);
      } else {
        parts[piece] += pool(shape, weights, images / double(factors[n]), own, room);
        for (int64_t c = 0; c < shape.channels; c++) parts[piece] += full * factors[n] * square[c];
        std::fill_n(square, shape.channels, 0.0f);
      }
    }
    for (int64_t c = 0; c < shape.channels; c++) parts[piece] += full * square[c];
  });
  return {std::accumulate(parts.begin(), parts.end(), 0.0), sums};
}

template <typename Number>
at::Tensor gradient(const at::Tensor &x, const at::Tensor &y, const float *factors, int64_t bins,
                    double weight, const at::Tensor &shares, float scale) {
  const Shape shape(x, bins);
  const int64_t image = x.numel() / x.size(0), down = shape.rows.cells();
  const int64_t row = shape.columns.cells() * shape.channels;
  float factor = scale * 2 * weight / double(x.numel());
  at::Tensor result = at::empty_like(x);
  ct::for_pieces(x.size(0), [&](int64_t, int64_t begin, int64_t end, int64_t) {
    for (int64_t unit = begin * down; unit < end * down; unit++) {
      int64_t at = unit / down * image;
      float own = factors ? factor * factors[unit / down] : factor;
      spread_cells(ct::rows<Number>(x) + at, ct::rows<Number>(y) + at, shape, unit % down, own,
                   scale, shares.const_data_ptr<float>() + unit * row,
                   ct::mutable_rows<Number>(result) + at);
    }
  });
  return result;
}

}  // namespace

bool ct_hierarchical_loss_is_fusible(ct_tensor student, ct_tensor teacher, int64_t bins) {
  at::Tensor x = ct::borrow(student), y = ct::borrow(teacher);
  return ct::are_rows(x, y) && x.sizes() == y.sizes() && x.numel() > 0 && bins > 0;
}

ct_error ct_hierarchical_loss_forward(ct_tensor student, ct_tensor teacher, ct_tensor of_images,
                                      int64_t bins, const double *weights, ct_tensor *loss_out,
                                      ct_tensor *shares) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(student);
    auto pass = x.scalar_type() == at::kFloat ? loss<float> : loss<bf16>;
    Loss found = pass(x, ct::borrow(teacher), factors_of(of_images, x), bins, weights);
    *loss_out = ct::hand_over(at::scalar_tensor(found.value, at::kFloat));
    *shares = ct::hand_over(found.shares);
  });
}

ct_error ct_hierarchical_loss_backward(ct_tensor of_loss, ct_tensor student, ct_tensor teacher,
                                       ct_tensor of_images, ct_tensor shares, int64_t bins,
                                       double weight, ct_tensor *for_student) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(student);
    auto pass = x.scalar_type() == at::kFloat ? gradient<float> : gradient<bf16>;
    *for_student = ct::hand_over(pass(x, ct::borrow(teacher), factors_of(of_images, x), bins,
                                      weight, ct::borrow(shares),
                                      ct::borrow(of_loss).item<float>()));
  });
}
