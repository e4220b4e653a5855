// Groups of processes over Gloo, and over NCCL for tensors on cards.
#define USE_C10D_GLOO

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#ifdef REVIEWKD_CUDA
#define USE_C10D_NCCL

#include <c10/cuda/CUDAFunctions.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "shared.h"

namespace {

using Works = std::vector<c10::intrusive_ptr<c10d::Work>>;

}  // namespace

struct cd_group_s {
  c10::intrusive_ptr<c10d::Backend> gloo;
  // None where tensors are on the CPU alone.
  c10::intrusive_ptr<c10d::Backend> nccl;
  // The sums that were begun and are not waited for yet.
  Works begun;

  c10d::Backend &backend(const at::Tensor &tensor) const {
    TORCH_CHECK(tensor.is_cpu() || nccl, "a group without NCCL was given a tensor on a card");
    return tensor.is_cpu() ? *gloo : *nccl;
  }
};

namespace {

at::Tensor borrow(cd_tensor handle) {
  auto *implementation = reinterpret_cast<at::TensorImpl *>(handle);
  return at::Tensor(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim_copy(
      implementation));
}

c10d::ReduceOp operation(cd_reduction reduction) {
  switch (reduction) {
    case CD_SUM:
      return c10d::ReduceOp::SUM;
    case CD_LEAST:
      return c10d::ReduceOp::MIN;
    case CD_GREATEST:
      return c10d::ReduceOp::MAX;
  }
  throw std::invalid_argument("an unknown reduction");
}

// Starts `start` on each tensor.
template <typename Start>
void begin(Works &works, const cd_tensor *tensors, size_t count, Start &&start) {
  for (size_t index = 0; index < count; ++index) {
    std::vector<at::Tensor> one{borrow(tensors[index])};
    works.push_back(start(one));
  }
}

// Waits for all, so that none that is under way is left behind.
void finish(const Works &works) {
  std::exception_ptr failure;
  for (auto &work : works) {
    try {
      work->wait();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

// Both.
template <typename Start>
void all(const cd_tensor *tensors, size_t count, Start &&start) {
  Works works;
  try {
    begin(works, tensors, count, start);
  } catch (...) {
    finish(works);
    throw;
  }
  finish(works);
}

}  // namespace

char *cd_group_gloo(cd_store store, int32_t rank, int32_t size, int64_t timeout,
                    const char *address, cd_group *out) {
  return cd::guard([&] {
    using Gloo = c10d::ProcessGroupGloo;
    auto limit = std::chrono::milliseconds(timeout);
    // `create_default` makes the device itself, and honours GLOO_SOCKET_IFNAME.
    auto options = address == nullptr ? Gloo::Options::create_default(limit)
                                      : Gloo::Options::create(limit);
    if (address != nullptr) options->devices = {Gloo::createDeviceForHostname(address)};
    // Each waits for one sum at a time. With two, as usual, the buckets of a step would wait for each other's way through
    // the network.
    options->threads = 12;
    *out = new cd_group_s{c10::make_intrusive<c10d::ProcessGroupGloo>(store->store, rank, size,
                                                                      std::move(options)),
                            nullptr,
                            {}};
  });
}

#ifdef REVIEWKD_CUDA

char *cd_group_add_nccl(cd_group group, cd_store store, int32_t rank, int32_t size, int64_t timeout,
                        int8_t card) {
  return cd::guard([&] {
    using Nccl = c10d::ProcessGroupNCCL;
    c10::cuda::set_device(card);
    auto options = Nccl::Options::create();
    options->timeout = std::chrono::milliseconds(timeout);
    auto backend = c10::make_intrusive<Nccl>(store->store, rank, size, std::move(options));
    // Else the first sum of a run would connect the cards.
    backend->eagerConnectSingleDevice(at::Device(at::kCUDA, card));
    group->nccl = std::move(backend);
  });
}

#else

char *cd_group_add_nccl(cd_group, cd_store, int32_t, int32_t, int64_t, int8_t) {
  return cd::message("this build has no NCCL");
}

#endif

bool cd_group_free(cd_group group) {
  for (auto &work : group->begun) {
    if (!work->isCompleted()) return false;
  }
  delete group;
  return true;
}

char *cd_group_reduce(cd_group group, const cd_tensor *tensors, size_t count,
                      cd_reduction reduction) {
  return cd::guard([&] {
    c10d::AllreduceOptions options;
    options.reduceOp = operation(reduction);
    all(tensors, count,
        [&](std::vector<at::Tensor> &one) {
          return group->backend(one[0]).allreduce(one, options);
        });
  });
}

char *cd_group_start_sum(cd_group group, const cd_tensor *tensors, size_t count) {
  return cd::guard([&] {
    begin(group->begun, tensors, count,
          [&](std::vector<at::Tensor> &one) { return group->backend(one[0]).allreduce(one); });
  });
}

char *cd_group_wait(cd_group group) {
  return cd::guard([&] {
    Works works;
    works.swap(group->begun);
    finish(works);
  });
}

char *cd_group_broadcast(cd_group group, const cd_tensor *tensors, size_t count, int32_t root) {
  return cd::guard([&] {
    c10d::BroadcastOptions options;
    options.rootRank = root;
    all(tensors, count,
        [&](std::vector<at::Tensor> &one) {
          return group->backend(one[0]).broadcast(one, options);
        });
  });
}
