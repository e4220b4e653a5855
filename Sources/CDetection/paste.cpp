// Masks stretched over boxes of a picture.
#include <cmath>
#include <cstring>
#include <vector>

#include "kernel.h"

namespace {

// For the pixels [begin, end) along one axis: the place of the mask before each one's centre, counted from
// the zero in front of the mask, and the share of the next place.
struct Line {
  int64_t begin = 0, end = 0;
  std::vector<int32_t> places;
  std::vector<double> shares;

  Line(double start, double stop, int64_t places_of_mask, int64_t pixels) {
    double length = stop - start, count = double(places_of_mask);
    // A mask reaches half a place beyond its box.
    double margin = std::abs(length) / count;
    double from = std::min(start, stop) - margin, to = std::max(start, stop) + margin;
    if (!std::isfinite(from) || !std::isfinite(to) || length == 0) return;
    begin = int64_t(std::clamp(std::floor(from), 0.0, double(pixels)));
    end = int64_t(std::clamp(std::ceil(to), 0.0, double(pixels)));
    for (int64_t i = begin; i < end; i++) {
      double at = (double(i) + 0.5 - start) / length * count + 0.5;
      at = std::clamp(at, 0.0, count + 1);
      double place = std::min(std::floor(at), count);
      places.push_back(int32_t(place));
      shares.push_back(at - place);
    }
  }
};

struct Picture {
  int64_t rows, columns, height, width;
  double threshold;

  // `line` has room for the mask's columns and a zero on both sides, `mask` has zeros all around.
  CD_INLINE void paste(const double *mask, const Line &down, const Line &across, double *line,
                       uint8_t *pixels) const {
    int64_t stride = columns + 2;
    for (int64_t y = down.begin; y < down.end; y++) {
      const double *above = mask + down.places[size_t(y - down.begin)] * stride;
      double share = down.shares[size_t(y - down.begin)];
      for (int64_t c = 0; c < stride; c++) {
        line[c] = above[c] * (1 - share) + above[c + stride] * share;
      }
      uint8_t *row = pixels + y * width + across.begin;
      for (size_t i = 0; i < across.places.size(); i++) {
        const double *left = line + across.places[i];
        row[i] = left[0] * (1 - across.shares[i]) + left[1] * across.shares[i] >= threshold;
      }
    }
  }
};

}  // namespace

void cd_paste(const double *masks, const double *boxes, int64_t count, int64_t rows,
              int64_t columns, int64_t height, int64_t width, double threshold, cd_means means,
              uint8_t *pixels) {
  Picture picture = {rows, columns, height, width, threshold};
  cd::for_pieces(means, count, [&](int64_t i) {
    uint8_t *target = pixels + i * height * width;
    std::memset(target, 0, size_t(height * width));
    const double *box = boxes + 4 * i;
    Line down(box[1], box[3], rows, height), across(box[0], box[2], columns, width);
    std::vector<double> mask(size_t((rows + 2) * (columns + 2))), line(size_t(columns + 2));
    for (int64_t row = 0; row < rows; row++) {
      std::copy_n(masks + (i * rows + row) * columns, columns,
                  mask.data() + (row + 1) * (columns + 2) + 1);
    }
    cd::run(means, [&]() CD_INLINE {
      picture.paste(mask.data(), down, across, line.data(), target);
    });
  });
}
