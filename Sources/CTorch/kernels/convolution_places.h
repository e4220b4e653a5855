// How the convolutions on the matrix unit (AMX) lay out what they read.
//
// A strip of rows is copied with a border of zeros into a buffer that stays in the cache. There the
// channels of 16 neighbouring places are a tile whose rows are whole cache lines, for each place of the
// kernel. Maps that are narrower than a tile lie side by side in the buffer, image by image within each
// column. A place is one pixel, with these exceptions:
//
// - With stride 1 and 16 channels, two neighbouring pixels are one place, and the kernel is one of 3×2 such
//   places with the results of two pixels.
// - With stride 2, two neighbouring pixels are one place, which has the results of one pixel.
// - The gradient of a strided convolution's input has a place for each pixel of the results, which gives
//   four pixels of the input. Those of even and odd rows and columns meet other parts of the kernel.
// - Of up to three channels, the whole window of 3×3 pixels is one place.
//
// Where a place's width holds a pixel that a result does not meet, its weights are zeros. So what is infinite or
// no number there makes the neighbour's result no number.
#pragma once

#include "tiles.h"

#if defined(__x86_64__)

namespace ct {

// Thirty-two numbers of the buffer that meet a tile of weights: rows and places below and right of a
// result's own place, and which number of that place they begin with.
struct Step {
  int64_t row, column, offset;
};

// Results whose pixels lie alike in their places.
struct Results {
  // Where the first of them lies from the place's first pixel.
  int64_t y, x;
  // Tiles of 16 channels. Those beyond a pixel's channels are the next pixel's.
  int64_t tiles;
  std::vector<Step> steps;

  int64_t weights_size() const { return tiles * int64_t(steps.size()) * kTile; }
};

// A function of the shapes alone.
struct Layout {
  Form form;
  int64_t images;
  // What is read, and what is written; with the input's gradient, the former is the results' gradient.
  int64_t in_height, in_width, inputs;
  int64_t height, width, outputs;
  // Rows of places, and places in each.
  int64_t grid_height, places;
  // Pixels that a place of the buffer holds, numbers of each, and whether it holds a whole window.
  int64_t pixels = 1, pixel_size;
  bool gathers = false;
  // Zeros left of the first pixel and above it, and pixels from one window to the next.
  int64_t border = 0, pick = 1;
  // Rows of the buffer from one row of places to the next, and rows and columns that a place meets.
  int64_t row_step = 1, window_rows = 1, window_columns = 1;
  // Pixels of the output from one row of places, and from one place, to the next.
  int64_t y_step = 1, x_step = 1;
  std::vector<Results> results;
  // How many images lie side by side, and how many rows of places a strip has.
  int64_t group = 1, rows;

  // `height` and `width` are those of the larger map: the convolution's input.
  Layout(const Form &form, int64_t images, int64_t height, int64_t width, int64_t inputs,
         int64_t outputs);

  int64_t groups() const { return (images + group - 1) / group; }
  int64_t strips() const { return (grid_height + rows - 1) / rows; }
  int64_t units() const { return groups() * strips(); }
  int64_t tiles_of_row() const { return (group * places + kTileRows - 1) / kTileRows; }
  // Numbers of a place, from one column to the next, and from one row to the next.
  int64_t place_size() const { return pixels * pixel_size; }
  int64_t column_size() const { return group * place_size(); }
  int64_t row_size() const { return (places + window_columns - 1) * column_size(); }
  int64_t buffer_rows(int64_t rows) const { return (rows - 1) * row_step + window_rows; }
  // The last tile of a row may read beyond it.
  int64_t buffer_size() const {
    return buffer_rows(rows) * row_size() + kTileRows * place_size();
  }
  int64_t scratch_size() const { return 2 * buffer_size(); }
  int64_t weights_size() const {
    int64_t sum = 0;
    for (const Results &part : results) sum += part.weights_size();
    return sum;
  }

 private:
  void set_forward();
  void set_strided_gradient();
  void set_strips();
  double waste(int64_t group) const;
};

}  // namespace ct

#endif
