// Operators of LibTorch whose last bits depend on the number of threads, and that take little time in our
// networks: they take one thread.
//
// Where a thread's share of an operator's numbers is no whole number of vectors, the rest is computed by other
// instructions, which round otherwise; softmax goes another way with one thread than with more.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include "kernels.h"

namespace {

// Sums along a dimension cut the results into as many parts as there are threads, which matters where a part is
// no whole number of vectors. That of larger tensors takes all threads.
constexpr int64_t kLargeSum = 1 << 20;

void on_one_thread(const c10::OperatorHandle &op, c10::DispatchKeySet keys, c10::Stack *stack) {
  std::optional<ct::OneThread> one;
  bool is_large = op.operator_name().name == "aten::sum" &&
                  torch::jit::peek(*stack, 0, op.schema().arguments().size()).toTensor().numel() >
                      kLargeSum;
  if (keys.has_backend(c10::BackendComponent::CPUBit) && !is_large) one.emplace();
  op.redispatchBoxed(ct::below_backend_select(keys), stack);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, BackendSelect, m) {
  for (const char *name :
       {"_softmax", "_softmax_backward_data", "_log_softmax", "_log_softmax_backward_data", "sigmoid",
        "sigmoid_backward", "softplus", "softplus_backward", "smooth_l1_loss_backward",
        "sum.dim_IntList"}) {
    m.impl(name, torch::CppFunction::makeFromBoxedFunction<&on_one_thread>());
  }
}
