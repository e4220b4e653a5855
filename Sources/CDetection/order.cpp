// The order of scores: falling, of equal ones the lower place first, NaN last.
#include "order.h"

namespace {

template <typename T>
void largest(const T *scores, int64_t count, int64_t most, int64_t *places) {
  std::vector<int64_t> all(count);
  std::iota(all.begin(), all.end(), int64_t(0));
  cd::Falling<T> falling{scores};
  if (most < count) std::nth_element(all.begin(), all.begin() + most, all.end(), falling);
  std::sort(all.begin(), all.begin() + std::min(most, count), falling);
  std::copy(all.begin(), all.begin() + std::min(most, count), places);
}

}  // namespace

void cd_largest(cd_type type, const void *scores, int64_t count, int64_t most, int64_t *places) {
  if (type == CD_FLOAT64) return largest(static_cast<const double *>(scores), count, most, places);
  largest(static_cast<const float *>(scores), count, most, places);
}
