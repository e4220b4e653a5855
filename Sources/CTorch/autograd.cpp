// Recording, backward passes, custom functions and mixed precision.
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/headeronly/version.h>

#include "guard.h"

ct_error ct_backward(ct_tensor output, bool keeps_graph) {
  return ct::guard([&] { torch::autograd::backward({ct::borrow(output)}, {}, keeps_graph); });
}

bool ct_grad_mode(void) { return at::GradMode::is_enabled(); }
void ct_set_grad_mode(bool enabled) { at::GradMode::set_enabled(enabled); }

namespace {

// A node whose backward pass is a callback. It owns the callback's context.
struct CallbackNode final : torch::autograd::Node {
  void *context;
  ct_backward_callback backward;
  ct_release_callback release;
  size_t input_count;

  CallbackNode(void *context, ct_backward_callback backward, ct_release_callback release,
               size_t input_count)
      : context(context), backward(backward), release(release), input_count(input_count) {}

  ~CallbackNode() override { release_variables(); }

  std::string name() const override { return "SwiftFunctionBackward"; }

  void release_variables() override {
    if (context) release(context);
    context = nullptr;
  }

  torch::autograd::variable_list apply(torch::autograd::variable_list &&gradients) override {
    TORCH_CHECK(context, "a backward pass through a custom function whose buffers were freed");
    std::vector<ct_tensor> given, wanted(input_count, nullptr);
    for (at::Tensor &gradient : gradients) given.push_back(ct::hand_over(std::move(gradient)));
    ct_error error = backward(context, given.data(), given.size(), wanted.data(), input_count);
    for (ct_tensor handle : given) {
      if (handle) ct_tensor_free(handle);
    }
    torch::autograd::variable_list results;
    for (ct_tensor handle : wanted) {
      results.push_back(handle ? ct::borrow(handle) : at::Tensor());
      if (handle) ct_tensor_free(handle);
    }
    if (error) {
      std::string message = error->message;
      ct_error_free(error);
      TORCH_CHECK(false, message);
    }
    return results;
  }
};

// LibTorch 2.13 counts references to a node inside it, 2.11 beside it.
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 13
template <typename... Arguments>
auto make_node(Arguments... arguments) {
  return c10::make_intrusive<CallbackNode>(arguments...);
}
#else
template <typename... Arguments>
auto make_node(Arguments... arguments) {
  return std::shared_ptr<CallbackNode>(new CallbackNode(arguments...),
                                       torch::autograd::deleteNode);
}
#endif

}  // namespace

ct_error ct_custom_function(const ct_tensor *inputs, size_t input_count, const ct_tensor *outputs,
                            size_t output_count, void *context, ct_backward_callback backward,
                            ct_release_callback release) {
  auto node = make_node(context, backward, release, input_count);
  return ct::guard([&] {
    torch::autograd::variable_list recorded;
    for (size_t i = 0; i < input_count; i++) recorded.push_back(ct::borrow(inputs[i]));
    node->set_next_edges(torch::autograd::collect_next_edges(recorded));
    for (size_t i = 0; i < output_count; i++) {
      torch::autograd::set_history(ct::borrow(outputs[i]), node);
    }
  });
}

namespace {

// What is done once a leaf's gradient is whole. It owns the callback's context.
struct CallbackHook final : torch::autograd::PostAccumulateGradHook {
  void *context;
  ct_gradient_callback body;
  ct_release_callback release;

  CallbackHook(void *context, ct_gradient_callback body, ct_release_callback release)
      : context(context), body(body), release(release) {}
  CallbackHook(const CallbackHook &) = delete;
  CallbackHook &operator=(const CallbackHook &) = delete;
  ~CallbackHook() override { release(context); }

  void operator()(const at::Tensor &) override { body(context); }
};

}  // namespace

ct_error ct_tensor_on_gradient(ct_tensor leaf, void *context, ct_gradient_callback body,
                               ct_release_callback release) {
  std::unique_ptr<CallbackHook> hook;
  if (context) hook = std::make_unique<CallbackHook>(context, body, release);
  return ct::guard([&] {
    at::Tensor tensor = ct::borrow(leaf);
    TORCH_CHECK(tensor.is_leaf() && tensor.requires_grad(), "not a leaf that requires a gradient");
    torch::autograd::impl::set_post_acc_grad_hooks(tensor, std::move(hook));
  });
}

ct_error ct_autocast_enter(int8_t device_type, ct_autocast wanted, ct_autocast *former) {
  return ct::guard([&] {
    auto type = static_cast<c10::DeviceType>(device_type);
    former->enabled = at::autocast::is_autocast_enabled(type);
    former->dtype = static_cast<int8_t>(at::autocast::get_autocast_dtype(type));
    at::autocast::set_autocast_enabled(type, wanted.enabled);
    at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(wanted.dtype));
    at::autocast::increment_nesting();
  });
}

ct_error ct_autocast_forget(void) {
  return ct::guard([] { at::autocast::clear_cache(); });
}

ct_error ct_autocast_leave(int8_t device_type, ct_autocast former) {
  return ct::guard([&] {
    auto type = static_cast<c10::DeviceType>(device_type);
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(type, former.enabled);
    at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(former.dtype));
  });
}
