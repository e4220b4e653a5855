// Chooses the kernel, and has the one that runs everywhere.
#include "resize.h"

namespace ci {

void resize_columns_portable(const Rows &rows, const ci_weights &weights) {
  for (int64_t y = 0; y < rows.count; y++) {
    const uint8_t *source = rows.source + y * rows.source_stride;
    uint8_t *target = rows.target + y * rows.target_stride;
    for (int32_t x = 0; x < weights.count; x++) {
      const uint8_t *pixel = source + 3 * static_cast<ptrdiff_t>(weights.first[x]);
      const ptrdiff_t start = static_cast<ptrdiff_t>(x) * weights.taps;
      int32_t high[3] = {0, 0, 0}, low[3] = {0, 0, 0};
      for (int32_t tap = 0; tap < weights.taps; tap++)
        for (int channel = 0; channel < 3; channel++) {
          high[channel] += pixel[3 * tap + channel] * weights.high[start + tap];
          low[channel] += pixel[3 * tap + channel] * weights.low[start + tap];
        }
      for (int channel = 0; channel < 3; channel++) target[3 * x + channel] = finish(high[channel], low[channel]);
    }
  }
}

void resize_rows_portable(const Rows &rows, const ci_weights &weights, int64_t first_byte, int64_t end_byte) {
  for (int32_t y = 0; y < weights.count; y++) {
    const ptrdiff_t start = static_cast<ptrdiff_t>(y) * weights.taps;
    const int64_t first = weights.first[y];
    const int64_t taps = first + weights.taps <= rows.count ? weights.taps : rows.count - first;
    for (int64_t x = first_byte; x < end_byte; x++) {
      const uint8_t *column = rows.source + first * rows.source_stride + x;
      int32_t high = 0, low = 0;
      for (int64_t tap = 0; tap < taps; tap++) {
        high += column[tap * rows.source_stride] * weights.high[start + tap];
        low += column[tap * rows.source_stride] * weights.low[start + tap];
      }
      rows.target[y * rows.target_stride + x] = finish(high, low);
    }
  }
}

}  // namespace ci

ci_instructions ci_best_instructions(void) {
#if defined(__x86_64__)
  static const ci_instructions best = [] {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
      return CI_AVX512;
    return __builtin_cpu_supports("avx2") ? CI_AVX2 : CI_PORTABLE;
  }();
  return best;
#else
  return CI_PORTABLE;
#endif
}

void ci_resize_columns(const uint8_t *source, ptrdiff_t source_stride, int64_t rows, ci_weights weights,
                       uint8_t *target, ptrdiff_t target_stride, ci_instructions instructions) {
  const ci::Rows all{source, source_stride, rows, target, target_stride};
#if defined(__x86_64__)
  if (instructions == CI_AVX512) return ci::resize_columns_avx512(all, weights);
  if (instructions == CI_AVX2) return ci::resize_columns_avx2(all, weights);
#endif
  ci::resize_columns_portable(all, weights);
}

void ci_resize_rows(const uint8_t *source, ptrdiff_t source_stride, int64_t source_rows, int64_t width,
                    ci_weights weights, uint8_t *target, ptrdiff_t target_stride,
                    ci_instructions instructions) {
  const ci::Rows all{source, source_stride, source_rows, target, target_stride};
#if defined(__x86_64__)
  if (instructions == CI_AVX512) return ci::resize_rows_avx512(all, weights, width);
  if (instructions == CI_AVX2) return ci::resize_rows_avx2(all, weights, width);
#endif
  ci::resize_rows_portable(all, weights, 0, width);
}
