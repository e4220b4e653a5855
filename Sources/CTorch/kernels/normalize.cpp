// Bytes of RGB pixels to normalised float32 on the CPU, in one pass. LibTorch's operators take three, of which two
// go by inner loops of three channels.
#include <atomic>
#include <ATen/ops/empty.h>

#include "kernels.h"

namespace {

using ct::Floats;
using ct::kLane;
using Bytes = uint8_t __attribute__((vector_size(16)));

// Three lanes hold whole pixels.
constexpr int64_t kChannels = 3, kGroup = kChannels * kLane;

// Numbers [begin, end) in groups; the product is rounded before the addition, as LibTorch's operators do.
CT_KERNEL(normalize, (const uint8_t *pixels, const float *scale, const float *shift, float *result,
                      int64_t begin, int64_t end),
          (pixels, scale, shift, result, begin, end)) {
#pragma clang fp contract(off)
  Floats scales[kChannels], shifts[kChannels];
  for (int64_t j = 0; j < kGroup; j++) {
    scales[j / kLane][j % kLane] = scale[j % kChannels];
    shifts[j / kLane][j % kLane] = shift[j % kChannels];
  }
  const bool is_aligned = reinterpret_cast<uintptr_t>(result + begin) % sizeof(Floats) == 0;
  int64_t at = begin;
  for (; at + kGroup <= end; at += kGroup) {
    for (int64_t lane = 0; lane < kChannels; lane++) {
      Bytes bytes;
      std::memcpy(&bytes, pixels + at + lane * kLane, sizeof bytes);
      Floats values = __builtin_convertvector(bytes, Floats) * scales[lane];
      values = values + shifts[lane];
      float *to = result + at + lane * kLane;
      // Around the caches, which a whole batch does not fit into: nothing is read of what is overwritten.
      if (is_aligned)
        __builtin_nontemporal_store(values, reinterpret_cast<Floats *>(to));
      else
        ct::store(values, to);
    }
  }
  for (; at < end; at++) {
    float value = static_cast<float>(pixels[at]) * scale[at % kChannels];
    result[at] = value + shift[at % kChannels];
  }
}

}  // namespace

bool ct_normalize_takes(ct_tensor pixels) {
  at::Tensor x = ct::borrow(pixels);
  return x.device().is_cpu() && x.scalar_type() == at::kByte && x.dim() == 4 &&
         x.size(1) == kChannels && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

ct_error ct_normalize(ct_tensor pixels, const float *scale, const float *shift, ct_tensor *result) {
  return ct::guard([&] {
    at::Tensor x = ct::borrow(pixels);
    at::Tensor y = at::empty(x.sizes(), x.options().dtype(at::kFloat), at::MemoryFormat::ChannelsLast);
    const uint8_t *from = x.const_data_ptr<uint8_t>();
    float *to = y.mutable_data_ptr<float>();
    constexpr int64_t piece = 1024;
    at::parallel_for(0, (x.numel() + kGroup - 1) / kGroup, piece, [&](int64_t begin, int64_t end) {
      normalize(from, scale, shift, to, begin * kGroup, std::min(end * kGroup, x.numel()));
      // Other threads see what went around the caches.
      std::atomic_thread_fence(std::memory_order_seq_cst);
    });
    *result = ct::hand_over(y);
  });
}
