// Tensors: properties, and bytes in and out.
#include <algorithm>
#include <ATen/ops/empty.h>

#include "guard.h"

const char *ct_error_message(ct_error error) { return error->message.c_str(); }
ct_error_kind ct_error_get_kind(ct_error error) { return error->kind; }
void ct_error_free(ct_error error) { delete error; }
ct_error ct_error_make(const char *message) { return ct::fail(CT_ERROR_OPERATOR, message); }
void ct_string_free(char *string) { std::free(string); }

ct_tensor ct_tensor_retain(ct_tensor tensor) { return ct::hand_over(ct::borrow(tensor)); }

void ct_tensor_free(ct_tensor tensor) {
  c10::raw::intrusive_ptr::decref(ct::implementation(tensor));
}

int64_t ct_tensor_rank(ct_tensor tensor) { return ct::implementation(tensor)->dim(); }

void ct_tensor_sizes(ct_tensor tensor, int64_t *sizes) {
  auto from = ct::implementation(tensor)->sizes();
  std::copy(from.begin(), from.end(), sizes);
}

void ct_tensor_strides(ct_tensor tensor, int64_t *strides) {
  auto from = ct::implementation(tensor)->strides();
  std::copy(from.begin(), from.end(), strides);
}

int64_t ct_tensor_count(ct_tensor tensor) { return ct::implementation(tensor)->numel(); }

int8_t ct_tensor_dtype(ct_tensor tensor) {
  return static_cast<int8_t>(c10::typeMetaToScalarType(ct::implementation(tensor)->dtype()));
}

ct_device ct_tensor_device(ct_tensor tensor) {
  return ct::device(ct::implementation(tensor)->device());
}

bool ct_tensor_requires_grad(ct_tensor tensor) {
  return ct::borrow(tensor).requires_grad();
}

bool ct_tensor_is_contiguous(ct_tensor tensor, bool channels_last) {
  auto format = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  return ct::implementation(tensor)->is_contiguous(format);
}

ct_error ct_tensor_set_requires_grad(ct_tensor tensor, bool requires_grad) {
  return ct::guard([&] { ct::borrow(tensor).set_requires_grad(requires_grad); });
}

ct_error ct_tensor_grad(ct_tensor tensor, ct_tensor *grad) {
  return ct::guard([&] { *grad = ct::hand_over(ct::borrow(tensor).grad()); });
}

void ct_tensor_clear_grad(ct_tensor tensor) { ct::borrow(tensor).mutable_grad().reset(); }

ct_error ct_tensor_from_bytes(const void *data, size_t bytes, int8_t dtype, const int64_t *sizes,
                              int64_t rank, ct_tensor *out) {
  return ct::guard([&] {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
    at::Tensor tensor = at::empty(at::IntArrayRef(sizes, rank), options);
    TORCH_CHECK(tensor.nbytes() == bytes, "a tensor of ", tensor.nbytes(), " bytes, given ", bytes);
    if (bytes > 0) std::memcpy(tensor.mutable_data_ptr(), data, bytes);
    *out = ct::hand_over(std::move(tensor));
  });
}

ct_error ct_tensor_copy_bytes(ct_tensor tensor, void *data, size_t bytes) {
  return ct::guard([&] {
    at::Tensor from = ct::borrow(tensor).detach().cpu().contiguous();
    TORCH_CHECK(from.nbytes() == bytes, "a tensor of ", from.nbytes(), " bytes, room for ", bytes);
    if (bytes > 0) std::memcpy(data, from.const_data_ptr(), bytes);
  });
}

ct_error ct_tensor_data(ct_tensor tensor, void **data) {
  return ct::guard([&] {
    at::Tensor found = ct::borrow(tensor);
    TORCH_CHECK(found.is_cpu() && found.is_contiguous(), "expected a contiguous CPU tensor");
    *data = found.mutable_data_ptr();
  });
}

ct_error ct_tensor_item(ct_tensor tensor, double *value) {
  return ct::guard([&] { *value = ct::borrow(tensor).item().toDouble(); });
}
