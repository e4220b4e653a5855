// The focal loss of classes against background. Lin et al., Focal Loss for Dense Object Detection, equation 5.
#include <cmath>
#include <numeric>
#include <vector>

#include "lanes.h"

namespace {

// How many terms the series of a type take, and what else depends on its width.
template <typename Sum>
struct Series;

template <>
struct Series<float> {
  using Bits = int32_t __attribute__((vector_size(64)));
  static constexpr int exponential = 7, logarithm = 8, mantissa = 23;
  // Added to a small number, it leaves the nearest whole number in the last bits.
  static constexpr float rounding = 12582912, least = -87;
  // The logarithm of 2 in two parts, of which the first one times a small whole number is exact.
  static constexpr float head = 0.693359375f, tail = -2.12194440e-4f;
};

template <>
struct Series<double> {
  using Bits = int64_t __attribute__((vector_size(64)));
  static constexpr int exponential = 14, logarithm = 18, mantissa = 52;
  static constexpr double rounding = 6755399441055744, least = -708;
  static constexpr double head = 6.93147180369123816490e-01, tail = 1.90821492927058770002e-10;
};

template <typename Sum>
struct Lanes {
  using Lane = typename cd::Numbers<Sum>::Lane;
  using Of = Series<Sum>;
  using Bits = typename Of::Bits;
  static constexpr Lane kZero = {};

  static CD_INLINE void choose(const Bits &condition, const Lane &yes, const Lane &no, Lane &result) {
    result = (Lane)((condition & (Bits)yes) | (~condition & (Bits)no));
  }

  // eˣ for x up to 0: 2ⁿ times the series of what is left.
  static CD_INLINE void exponential(const Lane &given, Lane &result) {
    Lane x;
    choose(given < Of::least, kZero + Of::least, given, x);
    Lane shifted = x * Sum(1.44269504088896340736) + Of::rounding;
    Lane whole = shifted - Of::rounding;
    Lane rest = (x - whole * Of::head) - whole * Of::tail;
    Lane sum = kZero + 1;
    for (int i = Of::exponential; i > 0; i--) sum = sum * rest * (Sum(1) / Sum(i)) + 1;
    sum = (Lane)((Bits)sum + ((Bits)shifted << Of::mantissa));
    // The arithmetic on bits can make a number of what is none.
    choose(given == given, sum, given, result);
  }

  // log(1 + x) for x from 0 to 1: twice the inverse hyperbolic tangent of x / (2 + x).
  static CD_INLINE void logarithm(const Lane &x, Lane &result) {
    Lane ratio = x / (x + 2), square = ratio * ratio;
    Lane sum = kZero + Sum(1) / Sum(2 * Of::logarithm - 1);
    for (int i = Of::logarithm - 1; i > 0; i--) sum = sum * square + Sum(1) / Sum(2 * i - 1);
    result = ratio * sum * 2;
  }

  // With the probability q that a logit gives to a class that is not there: −q^γ log(1 − q), and the derivative.
  static CD_INLINE void evaluate(const Lane &logits, Sum gamma, Lane &loss, Lane &slope) {
    Lane small, below, folded, above, power;
    Bits positive = logits > 0;
    choose(positive, -logits, logits, folded);
    exponential(folded, small);
    logarithm(small, below);
    choose(positive, logits, kZero, above);
    Lane right = 1 / (small + 1), wrong = small * right, q, p;
    choose(positive, right, wrong, q);
    choose(positive, wrong, right, p);
    if (gamma == 2) {
      power = q * q;
    } else {
      // log q, which is no larger than 0.
      exponential((logits - above - below) * gamma, power);
    }
    loss = power * (above + below);
    slope = power * (p * (above + below) * gamma + q);
  }
};

template <typename T>
struct Focal {
  using Sum = typename cd::Numbers<T>::Sum;
  using Lane = typename cd::Numbers<Sum>::Lane;
  static constexpr int64_t lane = cd::kLane<Sum>;

  const T *logits;
  const int64_t *classes;
  int64_t columns;
  Sum weight, weight_of_rest, gamma;

  // The first row from `row` on that counts, or that does not.
  int64_t next(int64_t row, int64_t end, bool counts) const {
    while (row < end && (classes[row] >= 0) != counts) row++;
    return row;
  }

  // Calls body(place, loss, slope, count) for lanes of the logits [begin, end) as if no class were there.
  template <typename Body>
  CD_INLINE void for_lanes(int64_t begin, int64_t end, const Body &body) const {
    Lane x, loss, slope;
    for (int64_t i = begin; i < end; i += lane) {
      int64_t count = std::min(lane, end - i);
      if (count == lane) {
        cd::Numbers<T>::load(logits + i, x);
      } else {
        x = x * 0;
        for (int64_t j = 0; j < count; j++) x[j] = cd::Numbers<T>::sum(logits[i + j]);
      }
      Lanes<Sum>::evaluate(x, gamma, loss, slope);
      body(i, loss, slope, count);
    }
  }

  // What the logit of a row's own class adds, and what it would as one of the rest; the derivatives likewise.
  CD_INLINE void own(int64_t place, Sum &loss, Sum &slope) const {
    Sum x = cd::Numbers<T>::sum(logits[place]);
    Lane both = {-x, x}, losses, slopes;
    Lanes<Sum>::evaluate(both, gamma, losses, slopes);
    loss = losses[0] * weight - losses[1] * weight_of_rest;
    slope = -slopes[0] * weight;
  }

  CD_INLINE double sum(int64_t begin, int64_t end) const {
    double total = 0;
    for (int64_t row = next(begin, end, true); row < end;) {
      int64_t stop = next(row, end, false);
      double rest = 0;
      for_lanes(row * columns, stop * columns,
                [&](int64_t, const Lane &loss, const Lane &, int64_t count) CD_INLINE {
                  Sum some = 0;
                  for (int64_t j = 0; j < count; j++) some += loss[j];
                  rest += some;
                });
      total += rest * weight_of_rest;
      for (; row < stop; row++) {
        if (classes[row] >= columns) continue;
        Sum loss, slope;
        own(row * columns + classes[row], loss, slope);
        total += loss;
      }
      row = next(stop, end, true);
    }
    return total;
  }

  CD_INLINE void slopes(int64_t begin, int64_t end, Sum scale, T *gradient) const {
    for (int64_t row = begin; row < end;) {
      int64_t start = next(row, end, true), stop = next(start, end, false);
      for (int64_t i = row * columns; i < start * columns; i++) gradient[i] = cd::Numbers<T>::stored(0);
      for_lanes(start * columns, stop * columns,
                [&](int64_t place, const Lane &, const Lane &slope, int64_t count) CD_INLINE {
                  Lane scaled = slope * (weight_of_rest * scale);
                  for (int64_t j = 0; j < count; j++) {
                    gradient[place + j] = cd::Numbers<T>::stored(scaled[j]);
                  }
                });
      for (row = start; row < stop; row++) {
        if (classes[row] >= columns) continue;
        int64_t place = row * columns + classes[row];
        Sum loss, slope;
        own(place, loss, slope);
        gradient[place] = cd::Numbers<T>::stored(slope * scale);
      }
    }
  }
};

constexpr int64_t kRows = 256;

template <typename T>
Focal<T> focal(const cd_focal &call) {
  using Sum = typename Focal<T>::Sum;
  bool weighs = call.alpha >= 0;
  return {static_cast<const T *>(call.logits), call.classes, call.columns,
          weighs ? Sum(call.alpha) : 1, weighs ? Sum(1 - call.alpha) : 1, Sum(call.gamma)};
}

template <typename T>
double loss(const cd_focal &call, cd_means means) {
  Focal<T> work = focal<T>(call);
  std::vector<double> parts(size_t((call.rows + kRows - 1) / kRows));
  cd::for_pieces(means, int64_t(parts.size()), [&](int64_t piece) {
    cd::run(means, [&]() CD_INLINE {
      parts[size_t(piece)] = work.sum(piece * kRows, std::min(call.rows, (piece + 1) * kRows));
    });
  });
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

template <typename T>
void backward(const cd_focal &call, cd_means means, double scale, void *gradient) {
  Focal<T> work = focal<T>(call);
  cd::for_pieces(means, (call.rows + kRows - 1) / kRows, [&](int64_t piece) {
    cd::run(means, [&]() CD_INLINE {
      work.slopes(piece * kRows, std::min(call.rows, (piece + 1) * kRows),
                  typename Focal<T>::Sum(scale), static_cast<T *>(gradient));
    });
  });
}

}  // namespace

double cd_focal_loss(cd_type type, const cd_focal *call, cd_means means) {
  switch (type) {
    case CD_FLOAT32: return loss<float>(*call, means);
    case CD_FLOAT64: return loss<double>(*call, means);
    case CD_BFLOAT16: return loss<cd::BFloat16>(*call, means);
  }
}

void cd_focal_loss_backward(cd_type type, const cd_focal *call, cd_means means, double scale,
                            void *gradient) {
  switch (type) {
    case CD_FLOAT32: return backward<float>(*call, means, scale, gradient);
    case CD_FLOAT64: return backward<double>(*call, means, scale, gradient);
    case CD_BFLOAT16: return backward<cd::BFloat16>(*call, means, scale, gradient);
  }
}
