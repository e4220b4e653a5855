// What the CPU kernels share: bfloat16 rows, and work cut into a number of pieces that does not
// depend on the number of threads, so that sums come out the same for any.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <numeric>
#include <vector>

#include "../guard.h"

#define CT_INLINE inline __attribute__((always_inline))

// CT_KERNEL(name, parameters, arguments) { … } makes a function `name`: its body is compiled once per
// instruction set, and the set is chosen at the call, as LibTorch chooses that of its own kernels.
// CT_NUMBER_KERNEL makes one for maps of any Number, which is bf16 or float.
#define CT_KERNEL(name, parameters, arguments) CT_KERNEL_OF(, name, parameters, arguments)
#define CT_NUMBER_KERNEL(name, parameters, arguments)                                              \
  CT_KERNEL_OF(template <typename Number>, name, parameters, arguments)
#if defined(__x86_64__)
#define CT_KERNEL_OF(kind, name, parameters, arguments)                                            \
  kind CT_INLINE void name##_body parameters;                                                      \
  kind __attribute__((target("arch=x86-64-v4"))) void name##_avx512 parameters {                   \
    name##_body arguments;                                                                         \
  }                                                                                                \
  kind __attribute__((target("arch=x86-64-v3"))) void name##_avx2 parameters {                     \
    name##_body arguments;                                                                         \
  }                                                                                                \
  kind void name##_portable parameters { name##_body arguments; }                                  \
  kind void name parameters {                                                                      \
    switch (ct::instructions()) {                                                                  \
      case ct::Instructions::avx512: return name##_avx512 arguments;                               \
      case ct::Instructions::avx2: return name##_avx2 arguments;                                   \
      case ct::Instructions::portable: return name##_portable arguments;                           \
    }                                                                                              \
  }                                                                                                \
  kind CT_INLINE void name##_body parameters
#else
#define CT_KERNEL_OF(kind, name, parameters, arguments) kind void name parameters
#endif

namespace ct {

enum class Instructions { portable, avx2, avx512 };

// The widest set that the processor has and that LibTorch's variable ATEN_CPU_CAPABILITY allows.
Instructions instructions();

using bf16 = uint16_t;

// Channels are worked on in lanes of this many, written with vector types, since compilers give up
// on vectorising the conversions.
constexpr int64_t kLane = 16;
using Floats = float __attribute__((vector_size(64)));
using Words = uint32_t __attribute__((vector_size(64)));
using Halves = uint16_t __attribute__((vector_size(32)));

// Results go through references: a vector returned by value has no one calling convention.
CT_INLINE void load(const float *from, Floats &lane) { std::memcpy(&lane, from, sizeof lane); }
CT_INLINE void store(const Floats &lane, float *to) { std::memcpy(to, &lane, sizeof lane); }

CT_INLINE void load(const bf16 *from, Floats &lane) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  lane = (Floats)(__builtin_convertvector(halves, Words) << 16);
}

// Rounds to the nearest, ties to even.
CT_INLINE void store(const Floats &lane, bf16 *to) {
  Words bits = (Words)lane;
  bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  Halves halves = __builtin_convertvector(bits, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

CT_INLINE float sum(const Floats &lane) {
  using Eight = float __attribute__((vector_size(32)));
  using Four = float __attribute__((vector_size(16)));
  Eight eight = __builtin_shufflevector(lane, lane, 0, 1, 2, 3, 4, 5, 6, 7) +
                __builtin_shufflevector(lane, lane, 8, 9, 10, 11, 12, 13, 14, 15);
  Four four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
              __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// Sums two things per channel over rows [begin, end) into `first` and `second` [C], four lanes at a
// time where the channels allow it: side by side, or from following rows, which lie side by side in
// memory. Rows are taken in blocks: they stay in the cache while all their channels are summed, and sums
// of many numbers are made of sums of few, so that they round little.
//
// The kernel's add<L>(at, step, count, channels, first, second) adds up `count` groups of L lanes that
// lie `step` numbers apart, from the number `at` of the map; the lane j belongs to the channels from
// (at + 16 j) % channels.
template <typename Kernel>
CT_INLINE void sum_rows(const Kernel &kernel, int64_t begin, int64_t end, int64_t channels,
                        float *first, float *second) {
  constexpr int64_t four = 4 * kLane, block = 8192;
  for (int64_t c = 0; c < channels; c++) first[c] = second[c] = 0;
  int64_t rows = std::max<int64_t>(1, block / channels);
  if (four % channels == 0) {
    int64_t together = four / channels, whole = begin + (end - begin) / together * together;
    for (; begin < whole; begin += rows) {
      int64_t groups = std::min(rows, whole - begin) / together;
      kernel.template add<4>(begin * channels, four, groups, channels, first, second);
    }
    begin = whole;
  }
  for (int64_t row = begin; row < end; row += rows) {
    int64_t count = std::min(rows, end - row);
    for (int64_t c = 0; c < channels;) {
      if (channels % four == 0) {
        kernel.template add<4>(row * channels + c, channels, count, channels, first, second);
        c += four;
      } else {
        kernel.template add<1>(row * channels + c, channels, count, channels, first, second);
        c += kLane;
      }
    }
  }
}

// Adds L lanes of sums to those of their channels.
template <int L>
CT_INLINE void add_lanes(const Floats *lanes, int64_t at, int64_t channels, float *sums) {
  for (int j = 0; j < L; j++) {
    float *place = sums + (at + j * kLane) % channels;
    Floats value;
    load(place, value);
    store(value + lanes[j], place);
  }
}

constexpr int64_t kPieces = 64;

// A map of such numbers, channels last: one row of channels for each pixel.
inline bool is_map(const at::Tensor &tensor, at::ScalarType type) {
  return tensor.device().is_cpu() && tensor.scalar_type() == type && tensor.dim() == 4 &&
         tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
}

inline bool is_bf16_map(const at::Tensor &tensor) { return is_map(tensor, at::kBFloat16); }

// A type of numbers that the kernels for any Number take.
inline bool is_number(at::ScalarType type) { return type == at::kBFloat16 || type == at::kFloat; }

// Two maps of one such type whose rows are whole lanes.
inline bool are_rows(const at::Tensor &one, const at::Tensor &other) {
  at::ScalarType type = one.scalar_type();
  return is_number(type) && is_map(one, type) && is_map(other, type) &&
         one.size(1) % kLane == 0 && other.size(1) % kLane == 0;
}

inline at::Tensor as_rows(const at::Tensor &tensor, at::ScalarType type) {
  return tensor.to(type).contiguous(at::MemoryFormat::ChannelsLast);
}

inline at::Tensor as_bf16_rows(const at::Tensor &tensor) { return as_rows(tensor, at::kBFloat16); }

// The length of a side of a convolution's results, for a kernel with half of it as padding.
inline int64_t strided(int64_t length, int64_t stride) { return (length - 1) / stride + 1; }

template <typename Number = bf16>
const Number *rows(const at::Tensor &tensor) {
  return tensor.defined() ? static_cast<const Number *>(tensor.const_data_ptr()) : nullptr;
}

template <typename Number = bf16>
Number *mutable_rows(const at::Tensor &tensor) {
  return tensor.defined() ? static_cast<Number *>(tensor.mutable_data_ptr()) : nullptr;
}

// The keys below BackendSelect, where functions of ours stand before LibTorch's: every call passes it, below the
// keys of autograd. For the key of the CPU, LibTorch would warn that its kernels are replaced.
inline c10::DispatchKeySet below_backend_select(c10::DispatchKeySet keys) {
  return keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, c10::DispatchKey::BackendSelect);
}

// Runs run(data) on each thread of the team that LibTorch's own operators use. LibTorch's header
// does so only in code compiled with GCC's OpenMP; this is the entry that such code calls.
extern "C" void GOMP_parallel(void (*run)(void *), void *data, unsigned threads, unsigned flags);
extern "C" int omp_get_thread_num(void);
extern "C" int omp_get_num_threads(void);
extern "C" int omp_in_parallel(void);
extern "C" void omp_set_num_threads(int);
// MKL's number for the calling thread, which LibTorch sets too, and which goes before OpenMP's; 0 stands for
// none of its own. Returns the former one. LibTorch for ARM has no MKL.
extern "C" __attribute__((weak)) int MKL_Set_Num_Threads_Local(int);

// While it lives, LibTorch's operators that this thread calls take one thread.
//
// A team alone does not make them: oneDNN prepares its work for as many threads as it could have, and
// then waits within the team for those that never come. LibTorch's number is asked for, since the first such
// question on a thread sets OpenMP's number to it: it would come after ours.
struct OneThread {
  int former = at::get_num_threads(), former_of_mkl = 0;
  OneThread() {
    omp_set_num_threads(1);
    if (MKL_Set_Num_Threads_Local) former_of_mkl = MKL_Set_Num_Threads_Local(1);
  }
  ~OneThread() {
    omp_set_num_threads(former);
    if (MKL_Set_Num_Threads_Local) MKL_Set_Num_Threads_Local(former_of_mkl);
  }
  OneThread(const OneThread &) = delete;
  OneThread &operator=(const OneThread &) = delete;
};

// Calls body(piece, begin, end, slot) for each piece of [0, count), in parallel. No two calls at the
// same time have the same slot, and slots are below the number of threads. The body must not throw.
//
// Each thread begins with pieces of its own, the same of every map of a size, which its cache may still
// hold. A thread that has done its own takes those of others, since cores are not equally fast.
template <typename Body>
void for_pieces(int64_t count, const Body &body, int64_t most = kPieces) {
  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };
  struct Job {
    const Body &body;
    int64_t count, size, pieces, threads;
    Share *shares;

    void run(int64_t p, int64_t slot) const {
      body(p, p * size, std::min(count, (p + 1) * size), slot);
    }
  };
  int64_t size = std::max<int64_t>(1, (count + most - 1) / most);
  int64_t pieces = (count + size - 1) / size;
  int64_t threads = std::min<int64_t>(at::get_num_threads(), pieces);
  Job job{body, count, size, pieces, threads, nullptr};
  if (threads <= 1 || omp_in_parallel()) {
    for (int64_t p = 0; p < job.pieces; p++) job.run(p, 0);
    return;
  }
  std::vector<Share> shares(threads);
  for (int64_t t = 0; t < threads; t++) {
    shares[t].next.store(job.pieces * t / threads, std::memory_order_relaxed);
    shares[t].end = job.pieces * (t + 1) / threads;
  }
  job.shares = shares.data();
  auto work = [](void *data) {
    auto &job = *static_cast<const Job *>(data);
    // A team may be smaller than was asked for.
    int64_t thread = omp_get_thread_num();
    for (int64_t i = 0; i < job.threads; i++) {
      Share &share = job.shares[(thread + i) % job.threads];
      for (int64_t p; (p = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) {
        job.run(p, thread);
      }
    }
  };
  GOMP_parallel(work, &job, unsigned(threads), 0);
}

// Calls body(part) for each part, in parallel, with LibTorch's operators within a call on its thread alone.
// The first failure, in the order of the parts, is thrown again.
template <typename Body>
void for_parts(int64_t parts, const Body &body) {
  std::vector<std::exception_ptr> failures(parts);
  for_pieces(
      parts,
      [&](int64_t part, int64_t, int64_t, int64_t) {
        // LibTorch's state of the calling thread does not hold for the others.
        at::AutoDispatchBelowADInplaceOrView guard;
        OneThread one;
        try {
          body(part);
        } catch (...) {
          failures[part] = std::current_exception();
        }
      },
      parts);
  for (const auto &failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

// Into how many parts a work of so many multiplications is cut, at most: a function of the shapes alone.
// A part has at least so many, since each costs a call.
inline int64_t parts_of(int64_t multiplications, int64_t most) {
  constexpr int64_t least = 16'000'000, most_parts = 32;
  return std::clamp<int64_t>(multiplications / least, 1,
                             std::clamp<int64_t>(most, 1, most_parts));
}

// Adds up per-piece sums in the order of the pieces.
inline std::vector<double> total(const std::vector<float> &parts, int64_t width) {
  std::vector<double> sums(width, 0.0);
  for (size_t part = 0; part < parts.size(); part += width) {
    for (int64_t i = 0; i < width; i++) sums[i] += parts[part + i];
  }
  return sums;
}

}  // namespace ct
