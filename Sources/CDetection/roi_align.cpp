// RoIAlign: averages of regions of maps. He et al., Mask R-CNN, section 3.
#include "regions.h"

namespace {

// Sums over taps of numbers that lie `stride` apart, N lanes of them from `from` on.
template <typename T, int N>
CD_INLINE inline void add_lanes(const T *from, const cd::Tap<typename cd::Numbers<T>::Sum> *taps,
                                int64_t count, int64_t first, int64_t stride,
                                typename cd::Numbers<T>::Sum *to) {
#pragma clang fp contract(fast)
  using Numbers = cd::Numbers<T>;
  constexpr int64_t lane = cd::kLane<typename Numbers::Sum>;
  typename Numbers::Lane sums[N] = {}, value;
  for (int64_t i = 0; i < count; i++) {
    const T *row = from + (taps[i].place - first) * stride;
    for (int j = 0; j < N; j++) {
      Numbers::load(row + j * lane, value);
      sums[j] += value * taps[i].share;
    }
  }
  std::memcpy(to, sums, sizeof sums);
}

// The same for `width` channels, at most a block of them.
template <typename T>
CD_INLINE inline void add_taps(const T *from, const cd::Tap<typename cd::Numbers<T>::Sum> *taps,
                               int64_t count, int64_t first, int64_t stride, int64_t width,
                               typename cd::Numbers<T>::Sum *to) {
  using Sum = typename cd::Numbers<T>::Sum;
  constexpr int64_t lane = cd::kLane<Sum>;
  int64_t c = 0;
  for (; c + 4 * lane <= width; c += 4 * lane) {
    add_lanes<T, 4>(from + c, taps, count, first, stride, to + c);
  }
  for (; c + lane <= width; c += lane) {
    add_lanes<T, 1>(from + c, taps, count, first, stride, to + c);
  }
  for (; c < width; c++) {
    Sum sum = 0;
    for (int64_t i = 0; i < count; i++) {
      sum += cd::Numbers<T>::sum(from[(taps[i].place - first) * stride + c]) * taps[i].share;
    }
    to[c] = sum;
  }
}

template <typename T>
struct Pooling {
  using Sum = typename cd::Numbers<T>::Sum;

  const cd_regions &regions;
  cd::PooledLayout layout;
  cd::Region<Sum> region;
  // A row of the region's columns, and all its bins, a block of channels each.
  std::vector<Sum> columns, bins;

  explicit Pooling(const cd_regions &regions)
      : regions(regions),
        layout{regions.channels, regions.height * regions.width, regions.channels_last},
        bins(size_t(layout.bins * cd::kBlock)) {}

  CD_INLINE void pool(int64_t number, T *pooled) {
    for (int64_t block = 0; block < regions.channels; block += cd::kBlock) {
      int64_t width = std::min(cd::kBlock, regions.channels - block);
      fill_bins(block, width);
      store(number, block, width, pooled);
    }
  }

  CD_INLINE void fill_bins(int64_t block, int64_t width) {
    const T *map = static_cast<const T *>(region.map->elements) + block;
    int64_t first = region.columns.first, end = region.columns.end;
    int64_t stride = region.map->width * regions.channels;
    for (int64_t row = 0; row < regions.height; row++) {
      for (int64_t x = first; x < end; x++) {
        add_taps<T>(map + region.at(0, x, regions.channels), region.rows.bin(row),
                    region.rows.count(row), 0, stride, width,
                    columns.data() + (x - first) * cd::kBlock);
      }
      for (int64_t column = 0; column < regions.width; column++) {
        add_taps<Sum>(columns.data(), region.columns.bin(column), region.columns.count(column),
                      first, cd::kBlock, width,
                      bins.data() + (row * regions.width + column) * cd::kBlock);
      }
    }
  }

  CD_INLINE void store(int64_t number, int64_t block, int64_t width, T *pooled) const {
    if (layout.channels_last) {
      for (int64_t bin = 0; bin < layout.bins; bin++) {
        T *to = pooled + layout.at(number, bin, block);
        const Sum *from = bins.data() + bin * cd::kBlock;
        for (int64_t c = 0; c < width; c++) to[c] = cd::Numbers<T>::stored(from[c]);
      }
    } else {
      for (int64_t c = 0; c < width; c++) {
        T *to = pooled + layout.at(number, 0, block + c);
        const Sum *from = bins.data() + c;
        for (int64_t bin = 0; bin < layout.bins; bin++) {
          to[bin] = cd::Numbers<T>::stored(from[bin * cd::kBlock]);
        }
      }
    }
  }
};

template <typename T>
void align(const cd_regions &regions, cd_means means, void *pooled) {
  constexpr int64_t size = 8;
  cd::for_pieces(means, (regions.count + size - 1) / size, [&](int64_t piece) {
    Pooling<T> pooling(regions);
    int64_t end = std::min(regions.count, (piece + 1) * size);
    for (int64_t number = piece * size; number < end; number++) {
      cd::Region<typename Pooling<T>::Sum> &region = pooling.region;
      region.lay(regions, number);
      int64_t width = std::max<int64_t>(0, region.columns.end - region.columns.first);
      pooling.columns.resize(size_t(width * cd::kBlock));
      cd::run(means, [&]() CD_INLINE { pooling.pool(number, static_cast<T *>(pooled)); });
    }
  });
}

}  // namespace

void cd_roi_align(cd_type type, const cd_regions *regions, cd_means means, void *pooled) {
  switch (type) {
    case CD_FLOAT32: return align<float>(*regions, means, pooled);
    case CD_FLOAT64: return align<double>(*regions, means, pooled);
    case CD_BFLOAT16: return align<cd::BFloat16>(*regions, means, pooled);
  }
}

int64_t cd_wrong_region(const cd_regions *regions) {
  for (int64_t i = 0; i < regions->count; i++) {
    int64_t image = regions->image_of[i], map = regions->map_of ? regions->map_of[i] : 0;
    if (image < 0 || image >= regions->images || map < 0 || map >= regions->map_count) return i;
  }
  return -1;
}
