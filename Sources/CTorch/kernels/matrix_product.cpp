// Products of matrices by LibTorch, cut so that they do not depend on the number of threads.
//
// On an Intel Xeon, long sums are cut into as many parts as there are threads: by oneDNN on AMX in bfloat16, from
// 576 summands on, and by MKL in float32, from 2048 on. Here the result is cut into parts of its own, each
// computed by one thread.
#include "kernels.h"

#include <ATen/ops/addmm_cpu_dispatch.h>
#include <ATen/ops/addmm_ops.h>
#include <ATen/ops/bmm_cpu_dispatch.h>
#include <ATen/ops/bmm_ops.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mm_cpu_dispatch.h>
#include <ATen/ops/mm_ops.h>
#include <torch/library.h>

namespace {

// A result [M, N], cut along the longer side.
struct Cut {
  int64_t rows, columns, parts;

  Cut(const at::Tensor &left, const at::Tensor &right)
      : rows(left.size(0)),
        columns(right.size(1)),
        parts(ct::parts_of(rows * columns * left.size(1), std::max(rows, columns) / 16)) {}

  bool by_rows() const { return rows >= columns; }

  // product(left, right, part of the result's sides) for each part, joined again.
  template <typename Product>
  at::Tensor join(const at::Tensor &left, const at::Tensor &right, const Product &product) const {
    std::vector<at::Tensor> results(parts);
    int64_t dimension = by_rows() ? 0 : 1, length = by_rows() ? rows : columns;
    ct::for_parts(parts, [&](int64_t part) {
      int64_t begin = length * part / parts, size = length * (part + 1) / parts - begin;
      results[part] = product(by_rows() ? left.narrow(0, begin, size) : left,
                              by_rows() ? right : right.narrow(1, begin, size), dimension, begin, size);
    });
    return parts == 1 ? results[0] : at::cat(results, dimension);
  }
};

bool is_ours(const at::Tensor &left, const at::Tensor &right, int64_t rank) {
  return left.device().is_cpu() && right.device().is_cpu() && left.layout() == at::kStrided &&
         at::isFloatingType(left.scalar_type()) && left.dim() == rank && right.dim() == rank;
}

at::Tensor mm(c10::DispatchKeySet keys, const at::Tensor &left, const at::Tensor &right) {
  if (!is_ours(left, right, 2)) {
    return at::_ops::mm::redispatch(ct::below_backend_select(keys), left, right);
  }
  return Cut(left, right).join(left, right,
                               [](const at::Tensor &l, const at::Tensor &r, int64_t, int64_t,
                                  int64_t) { return at::cpu::mm(l, r); });
}

at::Tensor addmm(c10::DispatchKeySet keys, const at::Tensor &added, const at::Tensor &left,
                 const at::Tensor &right, const at::Scalar &beta, const at::Scalar &alpha) {
  if (!is_ours(left, right, 2)) {
    return at::_ops::addmm::redispatch(ct::below_backend_select(keys), added, left, right, beta,
                                       alpha);
  }
  Cut cut(left, right);
  return cut.join(left, right,
                  [&](const at::Tensor &l, const at::Tensor &r, int64_t dimension, int64_t begin,
                      int64_t size) {
                    bool is_whole = cut.parts == 1 || (added.dim() == 1 && cut.by_rows());
                    at::Tensor own =
                        is_whole ? added
                                 : added.expand({cut.rows, cut.columns}).narrow(dimension, begin, size);
                    return at::cpu::addmm(own, l, r, beta, alpha);
                  });
}

at::Tensor bmm(c10::DispatchKeySet keys, const at::Tensor &left, const at::Tensor &right) {
  if (!is_ours(left, right, 3) || left.size(0) != right.size(0)) {
    return at::_ops::bmm::redispatch(ct::below_backend_select(keys), left, right);
  }
  int64_t count = left.size(0);
  int64_t parts = ct::parts_of(left.numel() * right.size(2), count);
  std::vector<at::Tensor> results(parts);
  ct::for_parts(parts, [&](int64_t part) {
    int64_t begin = count * part / parts, size = count * (part + 1) / parts - begin;
    results[part] = at::cpu::bmm(left.narrow(0, begin, size), right.narrow(0, begin, size));
  });
  return parts == 1 ? results[0] : at::cat(results, 0);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, BackendSelect, m) {
  m.impl("mm", TORCH_FN(mm));
  m.impl("addmm", TORCH_FN(addmm));
  m.impl("bmm", TORCH_FN(bmm));
}
