// CUDA devices: streams, events, memory and graphs. Streams, events and memory go through LibTorch's
// device-neutral interfaces, which every build has; only a build with REVIEWKD_CUDA sees CUDA headers.
#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <memory>

#include "guard.h"

#ifdef REVIEWKD_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>

// As in ATen/cuda/CUDAContextLight.h, which takes headers of CUDA's C++ library that no wheel of
// cuda-requirements.txt has.
namespace at::cuda {
TORCH_CUDA_CPP_API cudaDeviceProp *getDeviceProperties(c10::DeviceIndex device);
}

struct ct_cuda_graph_s {
  at::cuda::CUDAGraph graph;
};
#else
struct ct_cuda_graph_s {};
#endif

struct ct_cuda_event_s {
  c10::Event event;
};

namespace {

// Runs `body` where there is a CUDA LibTorch. What fails is the device's doing, or memory's.
template <typename Body>
ct_error on_cuda(Body &&body) noexcept {
  if (!ct_built_with_cuda()) return ct::fail(CT_ERROR_DEVICE, "this build's LibTorch has no CUDA");
  ct_error error = ct::guard(body);
  if (error && error->kind == CT_ERROR_OPERATOR) error->kind = CT_ERROR_DEVICE;
  return error;
}

c10::impl::VirtualGuardImpl cuda() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA); }

c10::Device card(int8_t index) { return c10::Device(c10::DeviceType::CUDA, index); }

c10::Stream stream(ct_cuda_stream value) {
  return c10::Stream(c10::Stream::UNSAFE, card(value.device), value.id);
}

ct_cuda_stream stream(c10::Stream value) { return {value.id(), value.device_index()}; }

}  // namespace

ct_error ct_cuda_require_card(void) {
  return on_cuda([&] {
#ifdef REVIEWKD_CUDA
    c10::cuda::device_count_ensure_non_zero();
#else
    TORCH_CHECK(at::getNumGPUs() > 0, "LibTorch found no CUDA device");
#endif
  });
}

ct_error ct_cuda_card_describe(int8_t index, ct_cuda_card *out) {
  return on_cuda([&] {
#ifdef REVIEWKD_CUDA
    const cudaDeviceProp *properties = at::cuda::getDeviceProperties(index);
    *out = ct_cuda_card{};
    std::strncpy(out->name, properties->name, sizeof out->name - 1);
    out->major = properties->major;
    out->minor = properties->minor;
    out->multiprocessors = properties->multiProcessorCount;
    out->memory = properties->totalGlobalMem;
#else
    TORCH_CHECK(false, "built without CUDA's headers; build the package with REVIEWKD_CUDA=1");
#endif
  });
}

ct_error ct_cuda_memory_read(int8_t index, ct_cuda_memory *out) {
  return on_cuda([&] {
    auto *allocator = c10::getDeviceAllocator(c10::DeviceType::CUDA);
    std::tie(out->free, out->total) = allocator->getMemoryInfo(index);
    auto statistics = allocator->getDeviceStats(index).allocated_bytes[0];  // of all pools
    out->allocated = std::max<int64_t>(statistics.current, 0);
    out->peak = std::max<int64_t>(statistics.peak, 0);
  });
}

ct_error ct_cuda_release_cached(void) {
  return on_cuda([] { c10::getDeviceAllocator(c10::DeviceType::CUDA)->emptyCache(); });
}

ct_error ct_cuda_synchronize(int8_t index) {
  return on_cuda([&] { cuda().synchronizeDevice(index); });
}

ct_error ct_cuda_allow_tf32(bool allowed) {
  return ct::guard([&] {
    // The older setters would write a warning to standard error.
    auto precision = allowed ? at::Float32Precision::TF32 : at::Float32Precision::IEEE;
    for (auto op : {at::Float32Op::CONV, at::Float32Op::RNN, at::Float32Op::MATMUL}) {
      at::globalContext().setFloat32Precision(at::Float32Backend::CUDA, op, precision);
    }
  });
}

ct_error ct_cuda_stream_new(int8_t index, ct_cuda_stream *out) {
  return on_cuda([&] { *out = stream(cuda().getStreamFromGlobalPool(card(index))); });
}

ct_error ct_cuda_stream_current(int8_t index, ct_cuda_stream *out) {
  return on_cuda([&] { *out = stream(cuda().getStream(card(index))); });
}

ct_error ct_cuda_stream_exchange(ct_cuda_stream wanted, ct_cuda_stream *former) {
  return on_cuda([&] { *former = stream(cuda().exchangeStream(stream(wanted))); });
}

ct_error ct_cuda_event_create(ct_cuda_event *out) {
  return on_cuda([&] {
    // The flag that keeps times. LibTorch makes CUDA's event when it is first recorded.
    *out = new ct_cuda_event_s{
        c10::Event(c10::DeviceType::CUDA, c10::EventFlag::BACKEND_DEFAULT)};
  });
}

void ct_cuda_event_free(ct_cuda_event event) { delete event; }

ct_error ct_cuda_event_record(ct_cuda_event event, ct_cuda_stream on) {
  return on_cuda([&] { event->event.record(stream(on)); });
}

ct_error ct_cuda_event_block(ct_cuda_event event, ct_cuda_stream on) {
  return on_cuda([&] { event->event.block(stream(on)); });
}

ct_error ct_cuda_event_synchronize(ct_cuda_event event) {
  return on_cuda([&] { event->event.synchronize(); });
}

ct_error ct_cuda_event_elapsed(ct_cuda_event start, ct_cuda_event end, double *milliseconds) {
  return on_cuda([&] { *milliseconds = start->event.elapsedTime(end->event); });
}

// A graph's calls read the current device and the current stream of that device.

ct_error ct_cuda_graph_begin(int8_t index, ct_cuda_graph *out) {
  return on_cuda([&] {
#ifdef REVIEWKD_CUDA
    c10::DeviceGuard device(card(index));
    auto graph = std::make_unique<ct_cuda_graph_s>();
    graph->graph.capture_begin();
    *out = graph.release();
#else
    TORCH_CHECK(false, "built without CUDA's headers; build the package with REVIEWKD_CUDA=1");
#endif
  });
}

ct_error ct_cuda_graph_end(ct_cuda_graph graph, int8_t index) {
  return on_cuda([&] {
#ifdef REVIEWKD_CUDA
    c10::DeviceGuard device(card(index));
    graph->graph.capture_end();
#endif
  });
}

ct_error ct_cuda_graph_replay(ct_cuda_graph graph, int8_t index) {
  return on_cuda([&] {
#ifdef REVIEWKD_CUDA
    c10::DeviceGuard device(card(index));
    graph->graph.replay();
#endif
  });
}

void ct_cuda_graph_free(ct_cuda_graph graph) { delete graph; }
