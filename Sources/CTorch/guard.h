// What the shim's files share: handles, and the guard that turns exceptions into values.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>
#include <c10/util/Exception.h>

#include <cstring>
#include <new>
#include <string>

#include "include/ctorch.h"

struct ct_error_s {
  ct_error_kind kind;
  std::string message;
};

struct ct_generator_s {
  at::Generator generator;
};

namespace ct {

inline at::Tensor borrow(ct_tensor handle) {
  auto *implementation = reinterpret_cast<at::TensorImpl *>(handle);
  return at::Tensor(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim_copy(
      implementation));
}

inline ct_tensor hand_over(at::Tensor tensor) {
  if (!tensor.defined()) return nullptr;
  return reinterpret_cast<ct_tensor>(tensor.unsafeReleaseTensorImpl());
}

inline at::TensorImpl *implementation(ct_tensor handle) {
  return reinterpret_cast<at::TensorImpl *>(handle);
}

inline c10::Device device(ct_device value) {
  return c10::Device(static_cast<c10::DeviceType>(value.type), value.index);
}

inline ct_device device(c10::Device value) {
  return {static_cast<int8_t>(value.type()), static_cast<int8_t>(value.index())};
}

// The CPU allocator and NVIDIA's libraries report exhaustion as a plain error, so that its text has
// to tell it apart.
inline bool tells_of_memory(const std::string &text) {
  return text.find("not enough memory") != std::string::npos ||
         text.find("can't allocate memory") != std::string::npos ||
         text.find("out of memory") != std::string::npos ||
         text.find("STATUS_ALLOC_FAILED") != std::string::npos;
}

inline ct_error fail(ct_error_kind kind, const std::string &text) {
  if (kind == CT_ERROR_OPERATOR && tells_of_memory(text)) kind = CT_ERROR_OUT_OF_MEMORY;
  return new ct_error_s{kind, text};
}

// Runs `body`; an exception of any kind becomes an error value, success is null.
template <typename Body>
ct_error guard(Body &&body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const c10::OutOfMemoryError &error) {
    return fail(CT_ERROR_OUT_OF_MEMORY, error.what_without_backtrace());
  } catch (const c10::AcceleratorError &error) {
    // A failed call of CUDA, which may also be one that found no memory.
    ct_error failure = fail(CT_ERROR_OPERATOR, error.what_without_backtrace());
    if (failure->kind == CT_ERROR_OPERATOR) failure->kind = CT_ERROR_DEVICE;
    return failure;
  } catch (const c10::Error &error) {
    return fail(CT_ERROR_OPERATOR, error.what_without_backtrace());
  } catch (const std::bad_alloc &) {
    return fail(CT_ERROR_OUT_OF_MEMORY, "the process could not allocate memory");
  } catch (const std::exception &error) {
    return fail(CT_ERROR_OPERATOR, error.what());
  } catch (...) {
    return fail(CT_ERROR_OPERATOR, "an exception of an unknown type");
  }
}

}  // namespace ct
