// The gradient of RoIAlign for the maps.
#include <numeric>

#include "regions.h"

namespace {

template <typename Sum>
using Lane = typename cd::Numbers<Sum>::Lane;

// Adds N lanes of numbers, times a share each, at places that lie `stride` apart.
template <typename Sum, int N>
CD_INLINE inline void spread_lanes(const Sum *from, const cd::Tap<Sum> *taps, int64_t count,
                                   int64_t first, int64_t stride, Sum *to) {
#pragma clang fp contract(fast)
  Lane<Sum> values[N], sum;
  std::memcpy(values, from, sizeof values);
  for (int64_t i = 0; i < count; i++) {
    Sum *row = to + (taps[i].place - first) * stride;
    for (int j = 0; j < N; j++) {
      std::memcpy(&sum, row + j * cd::kLane<Sum>, sizeof sum);
      sum += values[j] * taps[i].share;
      std::memcpy(row + j * cd::kLane<Sum>, &sum, sizeof sum);
    }
  }
}

// The same for `width` channels, at most a block of them.
template <typename Sum>
CD_INLINE inline void spread(const Sum *from, const cd::Tap<Sum> *taps, int64_t count, int64_t first,
                             int64_t stride, int64_t width, Sum *to) {
  constexpr int64_t lane = cd::kLane<Sum>;
  int64_t c = 0;
  for (; c + 4 * lane <= width; c += 4 * lane) {
    spread_lanes<Sum, 4>(from + c, taps, count, first, stride, to + c);
  }
  for (; c + lane <= width; c += lane) {
    spread_lanes<Sum, 1>(from + c, taps, count, first, stride, to + c);
  }
  for (; c < width; c++) {
    for (int64_t i = 0; i < count; i++) {
      to[(taps[i].place - first) * stride + c] += from[c] * taps[i].share;
    }
  }
}

template <typename T>
struct Spreading {
  using Sum = typename cd::Numbers<T>::Sum;

  const cd_regions &regions;
  cd::PooledLayout layout;
  cd::Region<Sum> region;
  std::vector<Sum> columns, bins;

  explicit Spreading(const cd_regions &regions)
      : regions(regions),
        layout{regions.channels, regions.height * regions.width, regions.channels_last},
        bins(size_t(layout.bins * cd::kBlock)) {}

  CD_INLINE void spread_region(int64_t number, int64_t block, const T *gradient) {
    int64_t width = std::min(cd::kBlock, regions.channels - block);
    load(number, block, width, gradient);
    Sum *map = static_cast<Sum *>(region.map->elements) + block;
    int64_t first = region.columns.first, end = region.columns.end;
    int64_t stride = region.map->width * regions.channels;
    for (int64_t row = 0; row < regions.height; row++) {
      if (region.rows.count(row) == 0) continue;
      std::fill(columns.begin(), columns.end(), Sum(0));
      for (int64_t column = 0; column < regions.width; column++) {
        spread<Sum>(bins.data() + (row * regions.width + column) * cd::kBlock,
                    region.columns.bin(column), region.columns.count(column), first, cd::kBlock,
                    width, columns.data());
      }
      for (int64_t x = first; x < end; x++) {
        spread<Sum>(columns.data() + (x - first) * cd::kBlock, region.rows.bin(row),
                    region.rows.count(row), 0, stride, width,
                    map + region.at(0, x, regions.channels));
      }
    }
  }

  CD_INLINE void load(int64_t number, int64_t block, int64_t width, const T *gradient) {
    if (layout.channels_last) {
      for (int64_t bin = 0; bin < layout.bins; bin++) {
        const T *from = gradient + layout.at(number, bin, block);
        Sum *to = bins.data() + bin * cd::kBlock;
        for (int64_t c = 0; c < width; c++) to[c] = cd::Numbers<T>::sum(from[c]);
      }
    } else {
      for (int64_t c = 0; c < width; c++) {
        const T *from = gradient + layout.at(number, 0, block + c);
        Sum *to = bins.data() + c;
        for (int64_t bin = 0; bin < layout.bins; bin++) {
          to[bin * cd::kBlock] = cd::Numbers<T>::sum(from[bin]);
        }
      }
    }
  }
};

// Regions overlap, so that each piece of work is what no other one writes to: a block of channels of one
// image of one map, with all its regions in their order.
template <typename T>
void align_backward(const cd_regions &regions, cd_means means, const void *gradient) {
  int64_t groups = regions.map_count * regions.images;
  std::vector<std::vector<int64_t>> members(static_cast<size_t>(groups));
  for (int64_t i = 0; i < regions.count; i++) {
    int64_t map = regions.map_of ? regions.map_of[i] : 0;
    members[size_t(map * regions.images + regions.image_of[i])].push_back(i);
  }
  int64_t blocks = (regions.channels + cd::kBlock - 1) / cd::kBlock;
  cd::for_pieces(means, blocks * groups, [&](int64_t piece) {
    Spreading<T> spreading(regions);
    for (int64_t number : members[size_t(piece % groups)]) {
      cd::Region<typename Spreading<T>::Sum> &region = spreading.region;
      region.lay(regions, number);
      int64_t width = std::max<int64_t>(0, region.columns.end - region.columns.first);
      spreading.columns.resize(size_t(width * cd::kBlock));
      cd::run(means, [&]() CD_INLINE {
        spreading.spread_region(number, piece / groups * cd::kBlock,
                                static_cast<const T *>(gradient));
      });
    }
  });
}

}  // namespace

void cd_roi_align_backward(cd_type type, const cd_regions *regions, cd_means means,
                           const void *gradient) {
  switch (type) {
    case CD_FLOAT32: return align_backward<float>(*regions, means, gradient);
    case CD_FLOAT64: return align_backward<double>(*regions, means, gradient);
    case CD_BFLOAT16: return align_backward<cd::BFloat16>(*regions, means, gradient);
  }
}
