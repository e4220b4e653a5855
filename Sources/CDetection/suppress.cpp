// Greedy suppression of boxes that a better one of their class overlaps.
#include <type_traits>
#include <vector>

#include "order.h"
#include "overlap.h"

namespace {

// The boxes of one class by falling score, a list for each coordinate.
template <typename T>
struct Row {
  std::vector<T> left, top, right, bottom, area;
  // As wide as the coordinates, so that compilers work on as many at a time.
  std::vector<std::conditional_t<sizeof(T) == 4, int32_t, int64_t>> gone;

  Row(const T *boxes, const int64_t *places, int64_t count)
      : left(count), top(count), right(count), bottom(count), area(count), gone(count) {
    for (int64_t i = 0; i < count; i++) {
      cd::Box<T> box = cd::box(boxes + 4 * places[i]);
      left[i] = box.left;
      top[i] = box.top;
      right[i] = box.right;
      bottom[i] = box.bottom;
      area[i] = box.area;
    }
  }

  // Marks those that a better one overlaps which stays itself.
  CD_INLINE void mark(T threshold) {
    const T *l = left.data(), *t = top.data(), *r = right.data(), *b = bottom.data(),
            *a = area.data();
    auto *__restrict marks = gone.data();
    const int64_t count = int64_t(gone.size());
    for (int64_t i = 0; i < count; i++) {
      if (marks[i]) continue;
      const cd::Box<T> best = {l[i], t[i], r[i], b[i], a[i]};
      for (int64_t j = i + 1; j < count; j++) {
        marks[j] |= cd::overlap(best, cd::Box<T>{l[j], t[j], r[j], b[j], a[j]}) > threshold;
      }
    }
  }
};

template <typename T>
int64_t suppress(const T *boxes, const T *scores, const int64_t *classes, int64_t count,
                 double threshold, cd_means means, int64_t *kept) {
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), int64_t(0));
  std::sort(order.begin(), order.end(), cd::Falling<T>{scores});
  std::vector<int64_t> ranks(count);
  std::iota(ranks.begin(), ranks.end(), int64_t(0));
  // The ranks, class after class.
  auto class_of = [&](int64_t rank) { return classes ? classes[order[rank]] : 0; };
  std::sort(ranks.begin(), ranks.end(), [&](int64_t one, int64_t other) {
    int64_t a = class_of(one), b = class_of(other);
    return a != b ? a < b : one < other;
  });
  std::vector<int64_t> begins;
  for (int64_t i = 0; i < count; i++) {
    if (i == 0 || class_of(ranks[i]) != class_of(ranks[i - 1])) begins.push_back(i);
  }
  int64_t rows = int64_t(begins.size());
  begins.push_back(count);

  std::vector<uint8_t> gone(count);
  cd::for_pieces(means, rows, [&](int64_t piece) {
    std::vector<int64_t> places(begins[piece + 1] - begins[piece]);
    for (size_t i = 0; i < places.size(); i++) places[i] = order[ranks[begins[piece] + int64_t(i)]];
    Row<T> row(boxes, places.data(), int64_t(places.size()));
    cd::run(means, [&]() CD_INLINE { row.mark(T(threshold)); });
    for (size_t i = 0; i < places.size(); i++) gone[ranks[begins[piece] + int64_t(i)]] = row.gone[i] != 0;
  });
  int64_t found = 0;
  for (int64_t rank = 0; rank < count; rank++) {
    if (!gone[rank]) kept[found++] = order[rank];
  }
  return found;
}

}  // namespace

int64_t cd_suppress(cd_type type, const void *boxes, const void *scores, const int64_t *classes,
                    int64_t count, double threshold, cd_means means, int64_t *kept) {
  if (type == CD_FLOAT64) {
    return suppress(static_cast<const double *>(boxes), static_cast<const double *>(scores), classes,
                    count, threshold, means, kept);
  }
  return suppress(static_cast<const float *>(boxes), static_cast<const float *>(scores), classes,
                  count, threshold, means, kept);
}
