// One boxed entry to every operator that LibTorch's dispatcher knows.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>

#include <memory>
#include <mutex>
#include <vector>

#include "guard.h"

struct ct_operator_s {
  c10::OperatorHandle handle;
};

namespace {

std::vector<at::Tensor> tensors(const ct_value &value) {
  std::vector<at::Tensor> list;
  auto *handles = static_cast<const ct_tensor *>(value.list.data);
  for (size_t i = 0; i < value.list.count; i++) list.push_back(ct::borrow(handles[i]));
  return list;
}

template <typename Element>
c10::List<Element> numbers(const ct_value &value) {
  c10::List<Element> list;
  auto *from = static_cast<const Element *>(value.list.data);
  for (size_t i = 0; i < value.list.count; i++) list.push_back(from[i]);
  return list;
}

c10::IValue boxed(const ct_value &value) {
  switch (value.kind) {
    case CT_NONE: return c10::IValue();
    case CT_TENSOR: return ct::borrow(value.tensor);
    case CT_INT: return value.integer;
    case CT_DOUBLE: return value.number;
    case CT_BOOL: return value.boolean;
    case CT_STRING: return std::string(value.string);
    case CT_DEVICE: return ct::device(value.device);
    case CT_GENERATOR: return value.generator->generator;
    case CT_INT_LIST: return numbers<int64_t>(value);
    case CT_DOUBLE_LIST: return numbers<double>(value);
    case CT_BOOL_LIST: return numbers<bool>(value);
    case CT_TENSOR_LIST: return tensors(value);
    case CT_OPTIONAL_TENSOR_LIST: {
      c10::List<std::optional<at::Tensor>> list;
      auto *handles = static_cast<const ct_tensor *>(value.list.data);
      for (size_t i = 0; i < value.list.count; i++) {
        list.push_back(handles[i] ? std::optional(ct::borrow(handles[i])) : std::nullopt);
      }
      return list;
    }
    case CT_OPTIONAL_SCALAR_LIST: {
      c10::List<std::optional<at::Scalar>> list;
      auto *scalars = static_cast<const double *>(value.list.data);
      for (size_t i = 0; i < value.list.count; i++) list.push_back(at::Scalar(scalars[i]));
      return list;
    }
  }
  TORCH_CHECK(false, "an argument of an unknown kind");
}

struct Results {
  ct_value *values;
  size_t capacity;
  size_t count = 0;

  ct_value &next(ct_value_kind kind) {
    TORCH_CHECK(count < capacity, "more results than there is room for");
    values[count].kind = kind;
    return values[count++];
  }

  void append(at::Tensor tensor) {
    if (tensor.defined()) {
      next(CT_TENSOR).tensor = ct::hand_over(std::move(tensor));
    } else {
      next(CT_NONE);
    }
  }

  void append(const c10::IValue &value) {
    if (value.isTensor()) {
      append(value.toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor &tensor : value.toTensorVector()) append(tensor);
    } else if (value.isInt()) {
      next(CT_INT).integer = value.toInt();
    } else if (value.isDouble()) {
      next(CT_DOUBLE).number = value.toDouble();
    } else if (value.isBool()) {
      next(CT_BOOL).boolean = value.toBool();
    } else {
      TORCH_CHECK(value.isNone(), "a result of the unsupported type ", value.tagKind());
      next(CT_NONE);
    }
  }
};

}  // namespace

ct_error ct_operator_find(const char *name, const char *overload, ct_operator *out) {
  return ct::guard([&] {
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
    *out = new ct_operator_s{handle};
  });
}

char *ct_operator_schema(ct_operator op) {
  std::string text = c10::toString(op->handle.schema());
  return strdup(text.c_str());
}

ct_error ct_operator_call(ct_operator op, const ct_value *arguments, size_t count,
                          ct_value *results, size_t capacity, size_t *result_count) {
  Results returned{results, capacity};
  ct_error error = ct::guard([&] {
    torch::jit::Stack stack;
    stack.reserve(std::max<size_t>(count, 4));
    for (size_t i = 0; i < count; i++) stack.push_back(boxed(arguments[i]));
    op->handle.callBoxed(stack);
    for (const c10::IValue &value : stack) returned.append(value);
  });
  *result_count = returned.count;
  return error;
}
