// Programs from files: TorchScript, and packages of AOTInductor. Both run what their maker wrote.
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include "guard.h"

struct ct_program_s {
  std::optional<torch::jit::Module> script;
  std::unique_ptr<torch::inductor::AOTIModelPackageLoader> package;
};

namespace {

// A tensor, or tuples and lists of tensors at any depth, in their order.
void collect(const c10::IValue &value, std::vector<at::Tensor> &tensors) {
  if (value.isTensor()) {
    tensors.push_back(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor &tensor : value.toTensorVector()) tensors.push_back(tensor);
  } else if (value.isList()) {
    for (const c10::IValue &element : value.toListRef()) collect(element, tensors);
  } else if (value.isTuple()) {
    for (const c10::IValue &element : value.toTupleRef().elements()) collect(element, tensors);
  } else {
    TORCH_CHECK(false, "it gives a value of type ", value.tagKind(),
                ", where a tensor or a list of tensors is expected");
  }
}

// Drops what is written to std::cerr while it lives.
class Silence {
  std::streambuf *former_ = std::cerr.rdbuf(nullptr);

 public:
  Silence() = default;
  Silence(const Silence &) = delete;
  Silence &operator=(const Silence &) = delete;
  ~Silence() { std::cerr.rdbuf(former_); }
};

}  // namespace

ct_error ct_program_load(const char *path, bool is_package, ct_device device, ct_program *out) {
  return ct::guard([&] {
    auto program = std::make_unique<ct_program_s>();
    auto place = ct::device(device);
    if (is_package) {
      // Otherwise it reads a batch of another shape or type as if it were the one that it was made for.
      setenv("AOTI_RUNTIME_CHECK_INPUTS", "1", /*overwrite=*/1);
      program->package = std::make_unique<torch::inductor::AOTIModelPackageLoader>(
          path, "model", /*run_single_threaded=*/false, /*num_runners=*/1,
          place.is_cpu() ? c10::DeviceIndex(-1) : place.index());
    } else {
      program->script = torch::jit::load(path, place);
      program->script->eval();
    }
    *out = program.release();
  });
}

void ct_program_free(ct_program program) { delete program; }

ct_error ct_program_run(ct_program program, ct_tensor input, bool is_trial, ct_tensor **outputs,
                        size_t *count) {
  return ct::guard([&] {
    std::optional<Silence> silence;
    if (is_trial) silence.emplace();
    std::vector<at::Tensor> tensors;
    if (program->package) {
      tensors = program->package->run({ct::borrow(input)});
    } else {
      collect(program->script->forward({ct::borrow(input)}), tensors);
    }
    // Undefined tensors have no handle.
    for (const at::Tensor &tensor : tensors) TORCH_CHECK(tensor.defined(), "it gives no tensor");
    auto *list = static_cast<ct_tensor *>(std::malloc(sizeof(ct_tensor) * (tensors.size() + 1)));
    if (!list) throw std::bad_alloc();
    for (size_t i = 0; i < tensors.size(); i++) list[i] = ct::hand_over(std::move(tensors[i]));
    *outputs = list;
    *count = tensors.size();
  });
}

void ct_tensors_free(ct_tensor *list) { std::free(list); }
