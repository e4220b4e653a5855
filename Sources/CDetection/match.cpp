// The truth that each prediction overlaps most, without a table of all overlaps.
#include <vector>

#include "overlap.h"

namespace {

constexpr int64_t kPiece = 1024, kLanes = 16;

// Some predictions, a list for each coordinate; empty boxes fill up the last lanes.
template <typename T>
struct Piece {
  int64_t count;
  T left[kPiece], top[kPiece], right[kPiece], bottom[kPiece], area[kPiece];

  CD_INLINE Piece(const T *predictions, int64_t begin, int64_t all)
      : count(std::min(kPiece, all - begin)) {
    for (int64_t i = 0; i < count; i++) {
      cd::Box<T> box = cd::box(predictions + 4 * (begin + i));
      left[i] = box.left;
      top[i] = box.top;
      right[i] = box.right;
      bottom[i] = box.bottom;
      area[i] = box.area;
    }
    for (int64_t i = count; i % kLanes; i++) left[i] = top[i] = right[i] = bottom[i] = area[i] = 0;
  }

  CD_INLINE T overlap(const cd::Box<T> &truth, int64_t i) const {
    return cd::overlap(truth, cd::Box<T>{left[i], top[i], right[i], bottom[i], area[i]});
  }
};

template <typename T>
struct Matching {
  const cd_matcher &matcher;
  std::vector<cd::Box<T>> truths;
  std::vector<T> thresholds;
  const T *predictions;
  int64_t count;
  // For each piece of predictions the largest overlap of each truth.
  std::vector<T> best;

  Matching(const T *given, int64_t truth_count, const T *predictions, int64_t count,
           const cd_matcher &matcher)
      : matcher(matcher), predictions(predictions), count(count) {
    for (int64_t t = 0; t < truth_count; t++) truths.push_back(cd::box(given + 4 * t));
    for (int64_t i = 0; i < matcher.threshold_count; i++) {
      thresholds.push_back(T(matcher.thresholds[i]));
    }
    best.resize(size_t(truth_count * pieces()));
  }

  int64_t pieces() const { return (count + kPiece - 1) / kPiece; }

  CD_INLINE void label(int64_t number, int64_t *matches, int64_t *labels) {
    int64_t begin = number * kPiece;
    Piece<T> piece(predictions, begin, count);
    T largest[kPiece];
    int32_t which[kPiece];
    std::fill(largest, largest + kPiece, T(-1));
    std::fill(which, which + kPiece, 0);
    for (size_t t = 0; t < truths.size(); t++) {
      cd::Box<T> truth = truths[t];
      // One largest overlap a lane: compilers do not cut a single one into lanes.
      T most[kLanes] = {};
      for (int64_t i = 0; i < piece.count; i += kLanes) {
        for (int64_t j = 0; j < kLanes; j++) {
          T value = piece.overlap(truth, i + j);
          which[i + j] = value > largest[i + j] ? int32_t(t) : which[i + j];
          largest[i + j] = value > largest[i + j] ? value : largest[i + j];
          most[j] = value > most[j] ? value : most[j];
        }
      }
      best[size_t(number) * truths.size() + t] = *std::max_element(most, most + kLanes);
    }
    for (int64_t i = 0; i < piece.count; i++) {
      size_t interval = 0;
      while (interval < thresholds.size() && largest[i] >= thresholds[interval]) interval++;
      matches[begin + i] = which[i];
      labels[begin + i] = matcher.labels[interval];
    }
  }

  // The largest overlap of a truth with any prediction.
  T most(size_t t) const {
    T most = 0;
    for (size_t at = t; at < best.size(); at += truths.size()) most = std::max(most, best[at]);
    return most;
  }

  // Labels those that overlap some truth as much as any prediction does.
  CD_INLINE void promote(int64_t number, const std::vector<T> &most, int64_t *labels) const {
    int64_t begin = number * kPiece;
    Piece<T> piece(predictions, begin, count);
    for (size_t t = 0; t < truths.size(); t++) {
      // A truth that meets no prediction takes none.
      if (most[t] <= 0 || best[size_t(number) * truths.size() + t] < most[t]) continue;
      cd::Box<T> truth = truths[t];
      for (int64_t i = 0; i < piece.count; i++) {
        labels[begin + i] = piece.overlap(truth, i) == most[t] ? 1 : labels[begin + i];
      }
    }
  }
};

template <typename T>
void match(const void *truths, int64_t truth_count, const void *predictions, int64_t count,
           const cd_matcher &matcher, cd_means means, int64_t *matches, int64_t *labels) {
  Matching<T> matching(static_cast<const T *>(truths), truth_count,
                       static_cast<const T *>(predictions), count, matcher);
  cd::for_pieces(means, matching.pieces(), [&](int64_t piece) {
    cd::run(means, [&]() CD_INLINE { matching.label(piece, matches, labels); });
  });
  if (!matcher.allows_low_quality) return;
  std::vector<T> most;
  for (int64_t t = 0; t < truth_count; t++) most.push_back(matching.most(size_t(t)));
  cd::for_pieces(means, matching.pieces(), [&](int64_t piece) {
    cd::run(means, [&]() CD_INLINE { matching.promote(piece, most, labels); });
  });
}

}  // namespace

void cd_match(cd_type type, const void *truths, int64_t truth_count, const void *predictions,
              int64_t count, const cd_matcher *matcher, cd_means means, int64_t *matches,
              int64_t *labels) {
  auto run = type == CD_FLOAT64 ? match<double> : match<float>;
  run(truths, truth_count, predictions, count, *matcher, means, matches, labels);
}
