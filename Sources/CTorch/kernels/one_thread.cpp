// Operators of LibTorch whose last bits depend on the number of threads, and that take little time in our
// networks: they take one thread.
//
// Where a thread's share of an operator's numbers is no whole number of vectors, the rest is computed by other
// instructions, which round otherwise; softmax goes another way with one thread than with more.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <optional>

#include "kernels.h"

namespace {

void on_one_thread(const c10::OperatorHandle &op, c10::DispatchKeySet keys, c10::Stack *stack) {
  std::optional<ct::OneThread> one;
  if (keys.has_backend(c10::BackendComponent::CPUBit)) one.emplace();
  op.redispatchBoxed(ct::below_backend_select(keys), stack);
}

// The sum of a larger tensor takes all threads.
void small_on_one_thread(const c10::OperatorHandle &op, c10::DispatchKeySet keys,
                         c10::Stack *stack) {
  constexpr int64_t large = 1 << 20;
  const auto &first = torch::jit::peek(*stack, 0, op.schema().arguments().size());
  if (first.toTensor().numel() <= large) return on_one_thread(op, keys, stack);
  op.redispatchBoxed(ct::below_backend_select(keys), stack);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, BackendSelect, m) {
  for (const char *name :
       {"_softmax", "_softmax_backward_data", "_log_softmax", "_log_softmax_backward_data", "sigmoid",
        "sigmoid_backward", "softplus", "softplus_backward", "smooth_l1_loss_backward"}) {
    m.impl(name, torch::CppFunction::makeFromBoxedFunction<&on_one_thread>());
  }
  m.impl("sum.dim_IntList", torch::CppFunction::makeFromBoxedFunction<&small_on_one_thread>());
}
