#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "kernel.h"

namespace cd {

// Whether one place comes before another one. No two places are equal, so that any sort is stable.
template <typename T>
struct Falling {
  const T *scores;

  bool operator()(int64_t one, int64_t other) const {
    T a = scores[one], b = scores[other];
    if (a != b) {
      if (a != a) return b != b && one < other;
      return b != b || a > b;
    }
    return one < other;
  }
};

}  // namespace cd
