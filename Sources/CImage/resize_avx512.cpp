// The kernels for AVX-512: four rows at once sideways, 64 bytes of a row at once downwards.
#include "resize.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#define CI_AVX512_CODE __attribute__((target("avx512f,avx512bw,avx512vl")))

namespace ci {

namespace {

CI_AVX512_CODE inline __m512i pair(const int16_t *weights) {
  int32_t both;
  memcpy(&both, weights, sizeof both);
  return _mm512_set1_epi32(both);
}

CI_AVX512_CODE inline __m512i finished(__m512i high, __m512i low) {
  const __m512i half = _mm512_set1_epi32(1 << (weight_bits - 1));
  const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(_mm512_slli_epi32(high, low_bits), low), half);
  return _mm512_srai_epi32(sum, weight_bits);
}

CI_AVX512_CODE inline __m128i load(const uint8_t *bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes));
}

CI_AVX512_CODE inline __m512i four_rows(const uint8_t *const sources[4], ptrdiff_t offset) {
  const __m256i upper =
      _mm256_inserti128_si256(_mm256_castsi128_si256(load(sources[0] + offset)), load(sources[1] + offset), 1);
  const __m256i lower =
      _mm256_inserti128_si256(_mm256_castsi128_si256(load(sources[2] + offset)), load(sources[3] + offset), 1);
  return _mm512_inserti64x4(_mm512_castsi256_si512(upper), lower, 1);
}

// Four bytes for each row.
CI_AVX512_CODE inline __m128i resized_pixel(const uint8_t *const sources[4], ptrdiff_t offset,
                                            const int16_t *highs, const int16_t *lows, int32_t taps) {
  // The numbers of two pixels side by side in 16 bits, from the first or the third pixel of a row on.
  const __m512i pixels01 =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m512i pixels23 =
      _mm512_broadcast_i32x4(_mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  __m512i high = _mm512_setzero_si512(), low = high;
  int32_t tap = 0;
  for (; tap + 4 <= taps; tap += 4) {
    const __m512i bytes = four_rows(sources, offset + 3 * tap);
    const __m512i a = _mm512_shuffle_epi8(bytes, pixels01), b = _mm512_shuffle_epi8(bytes, pixels23);
    high = _mm512_add_epi32(high, _mm512_madd_epi16(a, pair(highs + tap)));
    low = _mm512_add_epi32(low, _mm512_madd_epi16(a, pair(lows + tap)));
    high = _mm512_add_epi32(high, _mm512_madd_epi16(b, pair(highs + tap + 2)));
    low = _mm512_add_epi32(low, _mm512_madd_epi16(b, pair(lows + tap + 2)));
  }
  if (tap < taps) {
    const __m512i a = _mm512_shuffle_epi8(four_rows(sources, offset + 3 * tap), pixels01);
    high = _mm512_add_epi32(high, _mm512_madd_epi16(a, pair(highs + tap)));
    low = _mm512_add_epi32(low, _mm512_madd_epi16(a, pair(lows + tap)));
  }
  return _mm512_cvtusepi32_epi8(_mm512_max_epi32(finished(high, low), _mm512_setzero_si512()));
}

}  // namespace

CI_AVX512_CODE void resize_columns_avx512(const Rows &rows, const ci_weights &weights) {
  const int32_t taps = weights.taps;
  for (int64_t y = 0; y < rows.count; y += 4) {
    const uint8_t *sources[4];
    uint8_t *targets[4];
    for (int row = 0; row < 4; row++) {
      // Beyond the last row it is made again.
      const int64_t place = y + row < rows.count ? y + row : rows.count - 1;
      sources[row] = rows.source + place * rows.source_stride;
      targets[row] = rows.target + place * rows.target_stride;
    }
    for (int32_t x = 0; x < weights.count; x++) {
      const ptrdiff_t start = static_cast<ptrdiff_t>(x) * taps;
      const __m128i bytes = resized_pixel(sources, 3 * static_cast<ptrdiff_t>(weights.first[x]),
                                          weights.high + start, weights.low + start, taps);
      const int32_t words[4] = {_mm_cvtsi128_si32(bytes), _mm_extract_epi32(bytes, 1), _mm_extract_epi32(bytes, 2),
                                _mm_extract_epi32(bytes, 3)};
      // The fourth byte is written over by the next pixel; the last pixel has none.
      if (x + 1 < weights.count)
        for (int row = 0; row < 4; row++) memcpy(targets[row] + 3 * x, &words[row], 4);
      else
        for (int row = 0; row < 4; row++) memcpy(targets[row] + 3 * x, &words[row], 3);
    }
  }
}

CI_AVX512_CODE void resize_rows_avx512(const Rows &rows, const ci_weights &weights, int64_t width) {
  const __m512i zero = _mm512_setzero_si512();
  for (int32_t y = 0; y < weights.count; y++) {
    const int16_t *highs = weights.high + static_cast<ptrdiff_t>(y) * weights.taps;
    const int16_t *lows = weights.low + static_cast<ptrdiff_t>(y) * weights.taps;
    for (int64_t x = 0; x < width; x += 64) {
      const __mmask64 inside = width - x >= 64 ? ~0ull : (1ull << (width - x)) - 1;
      __m512i high[4] = {zero, zero, zero, zero}, low[4] = {zero, zero, zero, zero};
      for (int32_t tap = 0; tap < weights.taps; tap += 2) {
        const int64_t row = weights.first[y] + tap;
        const int64_t next = row + 1 < rows.count ? row + 1 : rows.count - 1;
        const __m512i a =
            _mm512_maskz_loadu_epi8(inside, rows.source + (row < next ? row : next) * rows.source_stride + x);
        const __m512i b = _mm512_maskz_loadu_epi8(inside, rows.source + next * rows.source_stride + x);
        const __m512i left = _mm512_unpacklo_epi8(a, b), right = _mm512_unpackhi_epi8(a, b);
        const __m512i numbers[4] = {_mm512_unpacklo_epi8(left, zero), _mm512_unpackhi_epi8(left, zero),
                                    _mm512_unpacklo_epi8(right, zero), _mm512_unpackhi_epi8(right, zero)};
        const __m512i highs_here = pair(highs + tap), lows_here = pair(lows + tap);
        for (int part = 0; part < 4; part++) {
          high[part] = _mm512_add_epi32(high[part], _mm512_madd_epi16(numbers[part], highs_here));
          low[part] = _mm512_add_epi32(low[part], _mm512_madd_epi16(numbers[part], lows_here));
        }
      }
      const __m512i left = _mm512_packs_epi32(finished(high[0], low[0]), finished(high[1], low[1]));
      const __m512i right = _mm512_packs_epi32(finished(high[2], low[2]), finished(high[3], low[3]));
      _mm512_mask_storeu_epi8(rows.target + y * rows.target_stride + x, inside, _mm512_packus_epi16(left, right));
    }
  }
}

}  // namespace ci

#endif
