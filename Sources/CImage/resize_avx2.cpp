// The kernels for AVX2: two rows at once sideways, 32 bytes of a row at once downwards.
#include "resize.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#define CI_AVX2_CODE __attribute__((target("avx2")))

namespace ci {

namespace {

CI_AVX2_CODE inline __m256i pair(const int16_t *weights) {
  int32_t both;
  memcpy(&both, weights, sizeof both);
  return _mm256_set1_epi32(both);
}

CI_AVX2_CODE inline __m256i finished(__m256i high, __m256i low) {
  const __m256i half = _mm256_set1_epi32(1 << (weight_bits - 1));
  const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(_mm256_slli_epi32(high, low_bits), low), half);
  return _mm256_srai_epi32(sum, weight_bits);
}

// The numbers of two pixels side by side in 16 bits, from the first or the third pixel of a row on.
#define CI_PAIRS(a) a, -1, a + 3, -1, a + 1, -1, a + 4, -1, a + 2, -1, a + 5, -1, -1, -1, -1, -1

CI_AVX2_CODE inline __m256i two_rows(const uint8_t *first, const uint8_t *second) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i *>(first))),
      _mm_loadu_si128(reinterpret_cast<const __m128i *>(second)), 1);
}

CI_AVX2_CODE inline __m256i resized_pixel(const uint8_t *first, const uint8_t *second, const int16_t *highs,
                                          const int16_t *lows, int32_t taps) {
  const __m256i pixels01 = _mm256_setr_epi8(CI_PAIRS(0), CI_PAIRS(0));
  const __m256i pixels23 = _mm256_setr_epi8(CI_PAIRS(6), CI_PAIRS(6));
  __m256i high = _mm256_setzero_si256(), low = high;
  int32_t tap = 0;
  for (; tap + 4 <= taps; tap += 4) {
    const __m256i bytes = two_rows(first + 3 * tap, second + 3 * tap);
    const __m256i a = _mm256_shuffle_epi8(bytes, pixels01), b = _mm256_shuffle_epi8(bytes, pixels23);
    high = _mm256_add_epi32(high, _mm256_madd_epi16(a, pair(highs + tap)));
    low = _mm256_add_epi32(low, _mm256_madd_epi16(a, pair(lows + tap)));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(b, pair(highs + tap + 2)));
    low = _mm256_add_epi32(low, _mm256_madd_epi16(b, pair(lows + tap + 2)));
  }
  if (tap < taps) {
    const __m256i a = _mm256_shuffle_epi8(two_rows(first + 3 * tap, second + 3 * tap), pixels01);
    high = _mm256_add_epi32(high, _mm256_madd_epi16(a, pair(highs + tap)));
    low = _mm256_add_epi32(low, _mm256_madd_epi16(a, pair(lows + tap)));
  }
  const __m256i words = finished(high, low);
  const __m256i halves = _mm256_packs_epi32(words, words);
  return _mm256_packus_epi16(halves, halves);
}

}  // namespace

CI_AVX2_CODE void resize_columns_avx2(const Rows &rows, const ci_weights &weights) {
  const int32_t taps = weights.taps;
  for (int64_t y = 0; y < rows.count; y += 2) {
    // The last of an odd number of rows is made twice.
    const int64_t other = y + 1 < rows.count ? y + 1 : y;
    const uint8_t *sources[2] = {rows.source + y * rows.source_stride, rows.source + other * rows.source_stride};
    uint8_t *targets[2] = {rows.target + y * rows.target_stride, rows.target + other * rows.target_stride};
    for (int32_t x = 0; x < weights.count; x++) {
      const ptrdiff_t offset = 3 * static_cast<ptrdiff_t>(weights.first[x]);
      const ptrdiff_t start = static_cast<ptrdiff_t>(x) * taps;
      const __m256i bytes = resized_pixel(sources[0] + offset, sources[1] + offset, weights.high + start,
                                          weights.low + start, taps);
      const int32_t words[2] = {_mm256_extract_epi32(bytes, 0), _mm256_extract_epi32(bytes, 4)};
      // The fourth byte is written over by the next pixel; the last pixel has none.
      if (x + 1 < weights.count)
        for (int row = 0; row < 2; row++) memcpy(targets[row] + 3 * x, &words[row], 4);
      else
        for (int row = 0; row < 2; row++) memcpy(targets[row] + 3 * x, &words[row], 3);
    }
  }
}

CI_AVX2_CODE void resize_rows_avx2(const Rows &rows, const ci_weights &weights, int64_t width) {
  const __m256i zero = _mm256_setzero_si256();
  const int64_t whole = width / 32 * 32;
  for (int32_t y = 0; y < weights.count; y++) {
    const int16_t *highs = weights.high + static_cast<ptrdiff_t>(y) * weights.taps;
    const int16_t *lows = weights.low + static_cast<ptrdiff_t>(y) * weights.taps;
    for (int64_t x = 0; x < whole; x += 32) {
      __m256i high[4] = {zero, zero, zero, zero}, low[4] = {zero, zero, zero, zero};
      for (int32_t tap = 0; tap < weights.taps; tap += 2) {
        const int64_t row = weights.first[y] + tap;
        const int64_t next = row + 1 < rows.count ? row + 1 : rows.count - 1;
        const __m256i a = _mm256_loadu_si256(
            reinterpret_cast<const __m256i *>(rows.source + (row < next ? row : next) * rows.source_stride + x));
        const __m256i b =
            _mm256_loadu_si256(reinterpret_cast<const __m256i *>(rows.source + next * rows.source_stride + x));
        const __m256i left = _mm256_unpacklo_epi8(a, b), right = _mm256_unpackhi_epi8(a, b);
        const __m256i numbers[4] = {_mm256_unpacklo_epi8(left, zero), _mm256_unpackhi_epi8(left, zero),
                                    _mm256_unpacklo_epi8(right, zero), _mm256_unpackhi_epi8(right, zero)};
        const __m256i highs_here = pair(highs + tap), lows_here = pair(lows + tap);
        for (int part = 0; part < 4; part++) {
          high[part] = _mm256_add_epi32(high[part], _mm256_madd_epi16(numbers[part], highs_here));
          low[part] = _mm256_add_epi32(low[part], _mm256_madd_epi16(numbers[part], lows_here));
        }
      }
      const __m256i left = _mm256_packs_epi32(finished(high[0], low[0]), finished(high[1], low[1]));
      const __m256i right = _mm256_packs_epi32(finished(high[2], low[2]), finished(high[3], low[3]));
      _mm256_storeu_si256(reinterpret_cast<__m256i *>(rows.target + y * rows.target_stride + x),
                          _mm256_packus_epi16(left, right));
    }
  }
  resize_rows_portable(rows, weights, whole, width);
}

}  // namespace ci

#endif
