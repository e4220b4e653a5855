// Kernels of object detection on the CPU: plain C++ on addresses, without LibTorch.
//
// Boxes are left, top, right and bottom. The caller answers for the sizes of what it hands over; what comes
// out of tensors, as the numbers of images and classes, is checked. Results do not depend on the number of
// threads. Work runs on the OpenMP threads that LibTorch's own operators use.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { CD_FLOAT32 = 0, CD_FLOAT64 = 1, CD_BFLOAT16 = 2 } cd_type;

// How a kernel may run.
typedef struct {
  int32_t threads;
  int32_t instructions;  // 0 the least of the architecture, 1 AVX2, 2 AVX-512
} cd_means;

// ----------------------------------------------------------------------------------- boxes

// Finds the boxes that no better box of the same class overlaps by more than the threshold.
//
// `boxes` [count, 4] and `scores` [count] are of `type`, float32 or float64; `classes` [count] may be null.
// `kept` has room for `count` places: those of the boxes kept, by falling score, of equal scores the lower
// place first. NaN is the lowest score. Returns how many are kept.
int64_t cd_suppress(cd_type type, const void *boxes, const void *scores, const int64_t *classes,
                    int64_t count, double threshold, cd_means means, int64_t *kept);

// The places of the `most` largest of `count` scores, in the same order.
void cd_largest(cd_type type, const void *scores, int64_t count, int64_t most, int64_t *places);

typedef struct {
  const double *thresholds;  // rising
  const int64_t *labels;     // one more
  int64_t threshold_count;
  bool allows_low_quality;
} cd_matcher;

// Matches `count` predictions to truths by the overlap of their boxes, both of `type`, float32 or float64:
// for each prediction the truth that it overlaps most, the first of several, and the label.
void cd_match(cd_type type, const void *truths, int64_t truth_count, const void *predictions,
              int64_t count, const cd_matcher *matcher, cd_means means, int64_t *matches,
              int64_t *labels);

// --------------------------------------------------------------------------------- regions

// A map, channels last: [images, height, width, channels].
typedef struct {
  void *elements;
  int64_t height, width;
  double scale;  // from the pixels of the boxes to places of the map
} cd_map;

// Regions of maps that are averaged in bins.
typedef struct {
  const cd_map *maps;
  int64_t map_count, images, channels;
  const double *boxes;                // [count, 4]
  const int64_t *image_of, *map_of;   // [count]; `map_of` may be null where there is one map
  int64_t count;
  int64_t height, width;              // bins
  int64_t sampling_ratio;             // samples a bin on each axis; 0: as many as it has places, rounded up
  bool aligned;                       // whether a place is a square around its centre
  bool channels_last;                 // whether the result is [count, height, width, channels], or
                                      // [count, channels, height, width]
} cd_regions;

// The number of the first region whose image or map is not there, or -1.
int64_t cd_wrong_region(const cd_regions *regions);

// RoIAlign. The maps and `pooled` are of `type`.
void cd_roi_align(cd_type type, const cd_regions *regions, cd_means means, void *pooled);

// Adds the gradients for the maps to their elements, which are float64 where `type` is, else float32;
// `gradient`, that of the result, is of `type`.
void cd_roi_align_backward(cd_type type, const cd_regions *regions, cd_means means,
                           const void *gradient);

// ----------------------------------------------------------------------------------- masks

// Stretches `count` masks [count, rows, columns] of probabilities over their boxes [count, 4], interpolates
// them at the centres of pixels, with zeros around them, and sets `pixels` [count, height, width] to 1 where
// that is `threshold` or above, which is above 0, and to 0 elsewhere.
void cd_paste(const double *masks, const double *boxes, int64_t count, int64_t rows,
              int64_t columns, int64_t height, int64_t width, double threshold, cd_means means,
              uint8_t *pixels);

// ---------------------------------------------------------------------------------- losses

// The focal loss of logits [rows, columns] against classes [rows]: one of the columns, `columns` or above for
// none of them, below 0 for a row that does not count.
typedef struct {
  const void *logits;
  const int64_t *classes;
  int64_t rows, columns;
  double alpha, gamma;  // no weights where alpha is below 0
} cd_focal;

// The sum over all logits.
double cd_focal_loss(cd_type type, const cd_focal *call, cd_means means);
// Its gradient for the logits, of their type, times `scale`.
void cd_focal_loss_backward(cd_type type, const cd_focal *call, cd_means means, double scale,
                            void *gradient);

#ifdef __cplusplus
}
#endif
