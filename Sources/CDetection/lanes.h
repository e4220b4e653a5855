// Lanes of numbers, for maps of each type. Sums are float64 where the map is, else float32.
//
// They are written with vector types, since compilers give up on vectorising the conversions of bfloat16.
#pragma once

#include <cstring>

#include "kernel.h"

namespace cd {

struct BFloat16 {
  uint16_t bits;
};

template <typename T>
struct Numbers {
  using Sum = T;
  using Lane = T __attribute__((vector_size(64)));

  static CD_INLINE void load(const T *from, Lane &lane) { std::memcpy(&lane, from, sizeof lane); }
  static CD_INLINE T sum(T value) { return value; }
  static CD_INLINE T stored(T value) { return value; }
};

template <>
struct Numbers<BFloat16> {
  using Sum = float;
  using Lane = float __attribute__((vector_size(64)));

  static CD_INLINE void load(const BFloat16 *from, Lane &lane) {
    using Words = uint32_t __attribute__((vector_size(64)));
    using Halves = uint16_t __attribute__((vector_size(32)));
    Halves halves;
    std::memcpy(&halves, from, sizeof halves);
    lane = (Lane)(__builtin_convertvector(halves, Words) << 16);
  }

  static CD_INLINE float sum(BFloat16 value) {
    uint32_t bits = uint32_t(value.bits) << 16;
    float number;
    std::memcpy(&number, &bits, sizeof number);
    return number;
  }

  // Rounds to the nearest, ties to even.
  static CD_INLINE BFloat16 stored(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    if (value != value) return {uint16_t((bits >> 16) | 0x40)};
    return {uint16_t((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)};
  }
};

template <typename Sum>
constexpr int64_t kLane = 64 / int64_t(sizeof(Sum));

}  // namespace cd
