// RoIAlign: averages of regions of maps. He et al., Mask R-CNN, section 3.
#include "regions.h"

namespace {

// The sums over taps of rows that lie `stride` apart, for `count` numbers from `from` on. All rows are read
// along in parallel, as streams that the processor fetches ahead.
template <typename T, int N>
CD_INLINE inline int64_t add_lanes(const T *from, const cd::Tap<typename cd::Numbers<T>::Sum> *taps,
                                   int64_t tap_count, int64_t stride, int64_t begin, int64_t count,
                                   typename cd::Numbers<T>::Sum *to) {
#pragma clang fp contract(fast)
  using Numbers = cd::Numbers<T>;
  constexpr int64_t lane = cd::kLane<typename Numbers::Sum>;
  int64_t c = begin;
  for (; c + N * lane <= count; c += N * lane) {
    typename Numbers::Lane sums[N] = {}, value;
    for (int64_t i = 0; i < tap_count; i++) {
      const T *row = from + taps[i].place * stride + c;
      for (int j = 0; j < N; j++) {
        Numbers::load(row + j * lane, value);
        sums[j] += value * taps[i].share;
      }
    }
    std::memcpy(to + c, sums, sizeof sums);
  }
  return c;
}

template <typename T>
CD_INLINE inline void add_rows(const T *from, const cd::Tap<typename cd::Numbers<T>::Sum> *taps,
                               int64_t tap_count, int64_t stride, int64_t count,
                               typename cd::Numbers<T>::Sum *to) {
  int64_t c = add_lanes<T, 4>(from, taps, tap_count, stride, 0, count, to);
  c = add_lanes<T, 1>(from, taps, tap_count, stride, c, count, to);
  for (; c < count; c++) {
    typename cd::Numbers<T>::Sum sum = 0;
    for (int64_t i = 0; i < tap_count; i++) {
      sum += cd::Numbers<T>::sum(from[taps[i].place * stride + c]) * taps[i].share;
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
  // The region's columns, averaged over the rows of one row of bins; then all bins, `bin_stride` apart.
  std::vector<Sum> columns, bins;
  int64_t bin_stride;

  explicit Pooling(const cd_regions &regions)
      : regions(regions),
        layout{regions.channels, regions.height * regions.width, regions.channels_last},
        bin_stride(layout.channels + cd::kApart<Sum>) {
    bins.resize(size_t(layout.bins * bin_stride));
  }

  void lay(int64_t number) {
    region.lay(regions, number);
    columns.resize(size_t(region.width() * layout.channels));
  }

  CD_INLINE void fill_bins() {
    const T *map = static_cast<const T *>(region.map->elements) + region.at(0, layout.channels);
    for (int64_t row = 0; row < regions.height; row++) {
      add_rows<T>(map, region.rows.bin(row), region.rows.count(row),
                  region.map->width * layout.channels, region.width() * layout.channels,
                  columns.data());
      for (int64_t column = 0; column < regions.width; column++) {
        add_rows<Sum>(columns.data() - region.columns.first * layout.channels,
                      region.columns.bin(column), region.columns.count(column), layout.channels,
                      layout.channels,
                      bins.data() + (row * regions.width + column) * bin_stride);
      }
    }
  }

  CD_INLINE void store(int64_t number, T *pooled) const {
    for (int64_t bin = 0; layout.channels_last && bin < layout.bins; bin++) {
      T *to = pooled + layout.at(number, bin, 0);
      const Sum *from = bins.data() + bin * bin_stride;
      for (int64_t c = 0; c < layout.channels; c++) to[c] = cd::Numbers<T>::stored(from[c]);
    }
    for (int64_t c = 0; !layout.channels_last && c < layout.channels; c++) {
      T *to = pooled + layout.at(number, 0, c);
      const Sum *from = bins.data() + c;
      for (int64_t bin = 0; bin < layout.bins; bin++) {
        to[bin] = cd::Numbers<T>::stored(from[bin * bin_stride]);
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
      pooling.lay(number);
      cd::run(means, [&]() CD_INLINE {
        pooling.fill_bins();
        pooling.store(number, static_cast<T *>(pooled));
      });
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
