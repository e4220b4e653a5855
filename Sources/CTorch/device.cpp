// Generators, devices, threads and versions.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/headeronly/version.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels/kernels.h"

ct_error ct_generator_create(ct_device device, uint64_t seed, ct_generator *out) {
  return ct::guard([&] {
    auto on = ct::device(device);
    at::Generator generator = on.is_cpu()
                                  ? at::detail::createCPUGenerator(seed)
                                  : at::globalContext().defaultGenerator(on).clone();
    generator.set_current_seed(seed);
    *out = new ct_generator_s{generator};
  });
}

void ct_generator_free(ct_generator generator) { delete generator; }

ct_error ct_generator_get_state(ct_generator generator, ct_tensor *state) {
  return ct::guard([&] {
    // As its draws do, so that threads may share a generator.
    std::lock_guard<std::mutex> lock(generator->generator.mutex());
    *state = ct::hand_over(generator->generator.get_state());
  });
}

ct_error ct_generator_set_state(ct_generator generator, ct_tensor state) {
  return ct::guard([&] {
    std::lock_guard<std::mutex> lock(generator->generator.mutex());
    generator->generator.set_state(ct::borrow(state));
  });
}

const char *ct_version(void) { return TORCH_VERSION; }

const char *ct_cpu_capability(void) {
  static const std::string text = at::get_cpu_capability();
  return text.c_str();
}

ct::Instructions ct::instructions() {
#if defined(__x86_64__)
  static const Instructions found = [] {
    const std::string allowed = at::get_cpu_capability();
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512vl");
    if (allowed == "AVX512" && wide) return Instructions::avx512;
    return allowed == "AVX512" || allowed == "AVX2" ? Instructions::avx2 : Instructions::portable;
  }();
  return found;
#else
  return Instructions::portable;
#endif
}

int32_t ct_cpu_instructions(void) { return static_cast<int32_t>(ct::instructions()); }

bool ct_cpu_has_native_bfloat16(void) {
#if defined(__x86_64__)
  return ct::instructions() == ct::Instructions::avx512 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

bool ct_cpu_has_amx_bfloat16(void) {
#if defined(__x86_64__) && defined(__linux__)
  static const bool found = [] {
    unsigned a, b, c, d;
    constexpr unsigned bfloat16 = 1u << 22, tiles = 1u << 24;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    if (!(d & bfloat16) || !(d & tiles)) return false;
    // The tiles' registers are off until the process asks for them, as oneDNN does too; an old or
    // walled-in kernel refuses.
    constexpr int request = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request, tile_data) == 0;
  }();
  return found;
#else
  return false;
#endif
}

bool ct_onednn_takes_bfloat16(void) {
  auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_is_mkldnn_bf16_supported", ""});
  return handle && handle->typed<bool()>().call();
}

// at::hasCUDA() would say whether there is a card.
bool ct_built_with_cuda(void) { return c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA); }

int32_t ct_cuda_device_count(void) { return static_cast<int32_t>(at::getNumGPUs()); }

void ct_set_deterministic(bool wanted) {
  at::Context &context = at::globalContext();
  context.setDeterministicAlgorithms(wanted, /* warn_only */ false);
  context.setDeterministicCuDNN(wanted);
  // Nothing of ours reads memory before writing it.
  context.setDeterministicFillUninitializedMemory(false);
}

void ct_keep_freed_memory(void) {
#if defined(__GLIBC__)
  // Arenas beside the main one hand back every 64 MiB that become free.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT32_MAX);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

int32_t ct_threads(void) { return at::get_num_threads(); }

ct_error ct_set_threads(int32_t count) {
  return ct::guard([&] { at::set_num_threads(count); });
}
