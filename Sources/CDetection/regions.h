// What RoIAlign and its backward pass share: which places each bin of a region averages.
//
// A bin averages samples on a grid, and a sample is interpolated between four places. Both are products of
// a factor for the row and one for the column: so a region is a product of three matrices, the rows' factors
// [height, H], the map [H, W] and the columns' factors [W, width], for every channel.
#pragma once

#include <cmath>
#include <vector>

#include "lanes.h"

namespace cd {

// A place of a row or column, and its share in a bin.
template <typename Sum>
struct Tap {
  int64_t place;
  Sum share;
};

// The taps of all bins along one axis of a region.
template <typename Sum>
struct Axis {
  std::vector<Tap<Sum>> taps;
  std::vector<int64_t> begins;
  // The places that have taps are in [first, end).
  int64_t first, end;

  const Tap<Sum> *bin(int64_t i) const { return taps.data() + begins[i]; }
  int64_t count(int64_t i) const { return begins[i + 1] - begins[i]; }

  // Bins of a region from `start` on, of `length`, both in places of a map with `places` of them.
  void lay(double start, double length, int64_t bins, int64_t places, int64_t ratio) {
    taps.clear();
    begins.assign(1, 0);
    first = places;
    end = 0;
    bool is_finite = std::isfinite(start) && std::isfinite(length);
    double size = length / double(bins);
    double samples = ratio > 0 ? double(ratio) : std::ceil(size);
    for (int64_t bin = 0; bin < bins; bin++) {
      if (is_finite && samples > 0) sample(start + double(bin) * size, size, samples, places);
      begins.push_back(int64_t(taps.size()));
    }
  }

 private:
  void sample(double start, double size, double samples, int64_t places) {
    double step = size / samples;
    // A region may have more samples beyond the map than can be counted.
    double from = 0, to = samples;
    if (step > 0) {
      from = std::clamp(std::floor((-1 - start) / step - 0.5), 0.0, samples);
      to = std::clamp(std::ceil((double(places) - start) / step + 0.5), 0.0, samples);
    }
    for (double i = from; i < to; i++) {
      double at = start + (i + 0.5) * size / samples;
      if (!(at >= -1 && at <= double(places))) continue;
      at = std::max(at, 0.0);
      int64_t low = std::min(int64_t(at), places - 1);
      double beyond = low == places - 1 ? 0 : at - double(low);
      add(low, (1 - beyond) / samples);
      if (beyond > 0) add(low + 1, beyond / samples);
    }
  }

  void add(int64_t place, double share) {
    first = std::min(first, place);
    end = std::max(end, place + 1);
    int64_t begin = std::max(begins.back(), int64_t(taps.size()) - 2);
    for (int64_t i = int64_t(taps.size()) - 1; i >= begin; i--) {
      if (taps[i].place == place) return void(taps[i].share += Sum(share));
    }
    taps.push_back({place, Sum(share)});
  }
};

// A region on its map.
template <typename Sum>
struct Region {
  const cd_map *map;
  int64_t image;
  Axis<Sum> rows, columns;

  void lay(const cd_regions &regions, int64_t number) {
    map = regions.maps + (regions.map_of ? regions.map_of[number] : 0);
    image = regions.image_of[number];
    const double *box = regions.boxes + 4 * number;
    double shift = regions.aligned ? 0.5 : 0;
    double left = box[0] * map->scale - shift, top = box[1] * map->scale - shift;
    double width = box[2] * map->scale - shift - left, height = box[3] * map->scale - shift - top;
    if (!regions.aligned) {
      width = std::max(width, 1.0);
      height = std::max(height, 1.0);
    }
    rows.lay(top, height, regions.height, map->height, regions.sampling_ratio);
    columns.lay(left, width, regions.width, map->width, regions.sampling_ratio);
  }

  // Where the places of a row that have taps begin, and how many they are.
  int64_t at(int64_t row, int64_t channels) const {
    return ((image * map->height + row) * map->width + columns.first) * channels;
  }
  int64_t width() const { return std::max<int64_t>(0, columns.end - columns.first); }
};

// Bins lie so many numbers further apart than they are long. Else powers of 2 of channels would put all bins
// of a channel into the same few places of the cache.
template <typename Sum>
constexpr int64_t kApart = kLane<Sum>;

// Where the numbers of one bin lie in the pooled regions.
struct PooledLayout {
  int64_t channels, bins;
  bool channels_last;

  CD_INLINE int64_t at(int64_t region, int64_t bin, int64_t channel) const {
    return channels_last ? (region * bins + bin) * channels + channel
                         : (region * channels + channel) * bins + bin;
  }
};

}  // namespace cd
