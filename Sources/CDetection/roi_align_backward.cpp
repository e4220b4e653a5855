// The gradient of RoIAlign for the maps.
#include "regions.h"

namespace {

// Adds `count` numbers, times a share each, to rows of numbers that lie `stride` apart.
template <typename Sum, int N>
CD_INLINE inline int64_t spread_lanes(const Sum *from, const cd::Tap<Sum> *taps, int64_t tap_count,
                                      int64_t stride, int64_t begin, int64_t count, Sum *to) {
#pragma clang fp contract(fast)
  using Lane = typename cd::Numbers<Sum>::Lane;
  constexpr int64_t lane = cd::kLane<Sum>;
  int64_t c = begin;
  for (; c + N * lane <= count; c += N * lane) {
    Lane values[N], sum;
    std::memcpy(values, from + c, sizeof values);
    for (int64_t i = 0; i < tap_count; i++) {
      Sum *row = to + taps[i].place * stride + c;
      for (int j = 0; j < N; j++) {
        std::memcpy(&sum, row + j * lane, sizeof sum);
        sum += values[j] * taps[i].share;
        std::memcpy(row + j * lane, &sum, sizeof sum);
      }
    }
  }
  return c;
}

template <typename Sum>
CD_INLINE inline void spread(const Sum *from, const cd::Tap<Sum> *taps, int64_t tap_count,
                             int64_t stride, int64_t count, Sum *to) {
  int64_t c = spread_lanes<Sum, 4>(from, taps, tap_count, stride, 0, count, to);
  c = spread_lanes<Sum, 1>(from, taps, tap_count, stride, c, count, to);
  for (; c < count; c++) {
    for (int64_t i = 0; i < tap_count; i++) {
      to[taps[i].place * stride + c] += from[c] * taps[i].share;
    }
  }
}

// Some of the channels, [begin, begin + count).
struct Channels {
  int64_t begin, count;
};

template <typename T>
struct Spreading {
  using Sum = typename cd::Numbers<T>::Sum;

  const cd_regions &regions;
  Channels some;
  cd::PooledLayout layout;
  cd::Region<Sum> region;
  std::vector<Sum> columns, bins;
  int64_t bin_stride;

  Spreading(const cd_regions &regions, Channels some)
      : regions(regions),
        some(some),
        layout{regions.channels, regions.height * regions.width, regions.channels_last},
        bin_stride(some.count + cd::kApart<Sum>) {
    bins.resize(size_t(layout.bins * bin_stride));
  }

  void lay(int64_t number) {
    region.lay(regions, number);
    columns.resize(size_t(region.width() * some.count));
  }

  CD_INLINE void spread_bins() {
    Sum *map = static_cast<Sum *>(region.map->elements) + region.at(0, layout.channels) + some.begin;
    int64_t stride = region.map->width * layout.channels, width = region.width();
    for (int64_t row = 0; row < regions.height; row++) {
      if (region.rows.count(row) == 0) continue;
      std::fill(columns.begin(), columns.end(), Sum(0));
      for (int64_t column = 0; column < regions.width; column++) {
        spread<Sum>(bins.data() + (row * regions.width + column) * bin_stride,
                    region.columns.bin(column), region.columns.count(column), some.count,
                    some.count, columns.data() - region.columns.first * some.count);
      }
      if (some.count == layout.channels) {
        spread<Sum>(columns.data(), region.rows.bin(row), region.rows.count(row), stride,
                    width * some.count, map);
        continue;
      }
      for (int64_t x = 0; x < width; x++) {
        spread<Sum>(columns.data() + x * some.count, region.rows.bin(row), region.rows.count(row),
                    stride, some.count, map + x * layout.channels);
      }
    }
  }

  CD_INLINE void load(int64_t number, const T *gradient) {
    for (int64_t bin = 0; layout.channels_last && bin < layout.bins; bin++) {
      const T *from = gradient + layout.at(number, bin, some.begin);
      Sum *to = bins.data() + bin * bin_stride;
      for (int64_t c = 0; c < some.count; c++) to[c] = cd::Numbers<T>::sum(from[c]);
    }
    for (int64_t c = 0; !layout.channels_last && c < some.count; c++) {
      const T *from = gradient + layout.at(number, 0, some.begin + c);
      for (int64_t bin = 0; bin < layout.bins; bin++) {
        bins[size_t(bin * bin_stride + c)] = cd::Numbers<T>::sum(from[bin]);
      }
    }
  }
};

// Regions overlap, so that each piece of work is what no other one writes to: some channels of one image of
// one map, with all its regions in their order. Into how many parts the channels are cut changes no sum.
template <typename T>
void align_backward(const cd_regions &regions, cd_means means, const void *gradient) {
  int64_t groups = regions.map_count * regions.images;
  std::vector<std::vector<int64_t>> members(static_cast<size_t>(groups));
  for (int64_t i = 0; i < regions.count; i++) {
    int64_t map = regions.map_of ? regions.map_of[i] : 0;
    members[size_t(map * regions.images + regions.image_of[i])].push_back(i);
  }
  constexpr int64_t least = 4 * cd::kLane<float>;
  int64_t lanes = (regions.channels + least - 1) / least;
  int64_t parts = std::clamp<int64_t>(means.threads, 1, std::max<int64_t>(1, lanes));
  cd::for_pieces(means, parts * groups, [&](int64_t piece) {
    int64_t part = piece / groups, begin = lanes * part / parts * least;
    int64_t end = std::min(regions.channels, lanes * (part + 1) / parts * least);
    Spreading<T> spreading(regions, Channels{begin, end - begin});
    for (int64_t number : members[size_t(piece % groups)]) {
      spreading.lay(number);
      cd::run(means, [&]() CD_INLINE {
        spreading.load(number, static_cast<const T *>(gradient));
        spreading.spread_bins();
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
