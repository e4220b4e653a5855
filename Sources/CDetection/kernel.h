// What the kernels share: instruction sets, and work on several threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "include/cdetection.h"

#define CD_INLINE __attribute__((always_inline))

namespace cd {

#if defined(__x86_64__)
template <typename Body>
__attribute__((target("arch=x86-64-v4"))) void run_avx512(const Body &body) {
  body();
}
template <typename Body>
__attribute__((target("arch=x86-64-v3"))) void run_avx2(const Body &body) {
  body();
}
#endif

// Runs `body`, compiled once for each instruction set. It and what it calls must be CD_INLINE: a function of
// its own would be compiled for the least set.
template <typename Body>
void run(cd_means means, const Body &body) {
#if defined(__x86_64__)
  if (means.instructions == 2) return run_avx512(body);
  if (means.instructions == 1) return run_avx2(body);
#endif
  body();
}

// The entry of the OpenMP library that LibTorch brings, by which code compiled with GCC starts threads.
// Clang's own would bring a second set of them.
extern "C" void GOMP_parallel(void (*run)(void *), void *data, unsigned threads, unsigned flags);
extern "C" int omp_get_thread_num(void);
extern "C" int omp_get_num_threads(void);
extern "C" int omp_in_parallel(void);

// Calls body(piece) for each piece of [0, pieces) in parallel, the first ones on the first thread. It must
// not throw.
template <typename Body>
void for_pieces(cd_means means, int64_t pieces, const Body &body) {
  struct Job {
    const Body &body;
    int64_t pieces;

    void run(int64_t begin, int64_t end) const {
      for (int64_t piece = begin; piece < end; piece++) body(piece);
    }
  };
  Job job{body, pieces};
  int64_t threads = std::min<int64_t>(means.threads, pieces);
  if (threads <= 1 || omp_in_parallel()) return job.run(0, pieces);
  auto share = [](void *data) {
    auto &job = *static_cast<const Job *>(data);
    int64_t thread = omp_get_thread_num(), team = omp_get_num_threads();
    job.run(job.pieces * thread / team, job.pieces * (thread + 1) / team);
  };
  GOMP_parallel(share, &job, unsigned(threads), 0);
}

}  // namespace cd
