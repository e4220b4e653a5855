// Grey pixels as R G B. libjpeg's own conversion takes a byte at a time.
#include "reader.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ci {

namespace {

#if defined(__x86_64__)
// Spreads sixteen at once, as long as what is written does not reach what is still to be read. Returns how many.
__attribute__((target("ssse3"))) int64_t spread_sixteens(uint8_t *row, int64_t width) {
  const __m128i first = _mm_setr_epi8(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5);
  const __m128i second = _mm_setr_epi8(5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10);
  const __m128i third = _mm_setr_epi8(10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15);
  const uint8_t *greys = row + 2 * width;
  int64_t x = 0;
  for (; x + 16 <= width && 3 * (x + 16) <= 2 * width + x + 16; x += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(greys + x));
    auto *target = reinterpret_cast<__m128i *>(row + 3 * x);
    _mm_storeu_si128(target, _mm_shuffle_epi8(bytes, first));
    _mm_storeu_si128(target + 1, _mm_shuffle_epi8(bytes, second));
    _mm_storeu_si128(target + 2, _mm_shuffle_epi8(bytes, third));
  }
  return x;
}
#endif

}  // namespace

void spread_grey(uint8_t *row, int64_t width) {
  int64_t x = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("ssse3")) x = spread_sixteens(row, width);
#endif
  const uint8_t *greys = row + 2 * width;
  for (; x < width; x++) {
    const uint8_t grey = greys[x];
    row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = grey;
  }
}

}  // namespace ci
