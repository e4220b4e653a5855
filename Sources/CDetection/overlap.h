// The overlap of boxes, one at a time or a row of them.
#pragma once

#include "kernel.h"

namespace cd {

template <typename T>
struct Box {
  T left, top, right, bottom, area;
};

template <typename T>
CD_INLINE inline Box<T> box(const T *from) {
  return {from[0], from[1], from[2], from[3], (from[2] - from[0]) * (from[3] - from[1])};
}

// Intersection over union, 0 where nothing is shared; step by step as LibTorch's operators would, so that
// the bits are theirs.
template <typename T>
CD_INLINE inline T overlap(const Box<T> &a, const Box<T> &b) {
  T left = a.left > b.left ? a.left : b.left, right = a.right < b.right ? a.right : b.right;
  T top = a.top > b.top ? a.top : b.top, bottom = a.bottom < b.bottom ? a.bottom : b.bottom;
  T width = right - left, height = bottom - top;
  T shared = (width > 0 ? width : 0) * (height > 0 ? height : 0);
  return shared > 0 ? shared / (a.area + b.area - shared) : 0;
}

}  // namespace cd
