// The kernels that resize, for each kind of instructions. Sums are exact in 32 bits, so that all give the same bytes.
#pragma once

#include "include/cimage.h"

namespace ci {

// Weights have 22 fractional bits; a half is added before they are shifted out.
constexpr int weight_bits = 22;
constexpr int low_bits = 11;

struct Rows {
  const uint8_t *source;
  ptrdiff_t source_stride;
  int64_t count;  // of the rows of the source
  uint8_t *target;
  ptrdiff_t target_stride;
};

// One byte from the sums of both halves of the weights.
inline uint8_t finish(int32_t high, int32_t low) {
  const int32_t sum = (high << low_bits) + low + (1 << (weight_bits - 1));
  const int32_t value = sum >> weight_bits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

void resize_columns_portable(const Rows &rows, const ci_weights &weights);
void resize_rows_portable(const Rows &rows, const ci_weights &weights, int64_t first_byte, int64_t end_byte);

#if defined(__x86_64__)
void resize_columns_avx2(const Rows &rows, const ci_weights &weights);
void resize_rows_avx2(const Rows &rows, const ci_weights &weights, int64_t width);
void resize_columns_avx512(const Rows &rows, const ci_weights &weights);
void resize_rows_avx512(const Rows &rows, const ci_weights &weights, int64_t width);
#endif

}  // namespace ci
