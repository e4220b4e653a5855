// The matrix unit of x86 processors (AMX): eight registers of 16 rows of 64 bytes each.
#pragma once

#include "convolution.h"

#include <ATen/ops/empty.h>

namespace ct {

[[noreturn]] inline void refuse_tiles() {
  TORCH_CHECK(false, "a convolution on the matrix unit of a processor without one");
}

}  // namespace ct

#if defined(__x86_64__)

#define CT_TILES                                                                                   \
  __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace ct {

// Rows of a tile, and numbers in a row: of bfloat16, or half as many of float32.
constexpr int64_t kTileRows = 16, kTileColumns = 32;
// How many bfloat16 numbers a whole tile has.
constexpr int64_t kTile = kTileRows * kTileColumns;

// While it lives, the calling thread's tiles are whole ones of 16 rows.
struct Tiles {
  CT_TILES Tiles() {
    struct alignas(64) {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t bytes[16] = {};
      uint8_t rows[16] = {};
    } shape;
    for (int i = 0; i < 8; i++) shape.bytes[i] = 2 * kTileColumns, shape.rows[i] = kTileRows;
    _tile_loadconfig(&shape);
  }
  CT_TILES ~Tiles() { _tile_release(); }
  Tiles(const Tiles &) = delete;
  Tiles &operator=(const Tiles &) = delete;
};

// Room of so many numbers for each thread, from the beginning of a cache line.
class Scratch {
 public:
  // `room` is whole lines.
  explicit Scratch(int64_t room)
      : room(room), memory(at::empty({at::get_num_threads() * room + 32}, at::kBFloat16)) {
    first = reinterpret_cast<bf16 *>(
        (reinterpret_cast<uintptr_t>(memory.mutable_data_ptr()) + 63) / 64 * 64);
  }

  bf16 *of(int64_t slot) const { return first + slot * room; }

 private:
  int64_t room;
  at::Tensor memory;
  bf16 *first;
};

}  // namespace ct

#endif
