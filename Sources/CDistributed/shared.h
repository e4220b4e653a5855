// What the files of the shim share: handles, and the guard that turns exceptions into texts.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <c10/util/Logging.h>

#include <cstring>
#include <exception>
#include <string>

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "include/cdistributed.h"

struct cd_store_s {
  c10::intrusive_ptr<c10d::Store> store;
  uint16_t port;
};

namespace cd {

// The first line: the others are a stack trace.
inline char *message(const std::string &text) {
  return strdup(text.substr(0, text.find('\n')).c_str());
}

// c10d logs what it also throws, with a stack trace for each try.
class Silence {
 public:
  Silence() : former_(FLAGS_caffe2_log_level) { FLAGS_caffe2_log_level = c10::GLOG_FATAL; }
  ~Silence() { FLAGS_caffe2_log_level = former_; }
  Silence(const Silence &) = delete;
  Silence &operator=(const Silence &) = delete;

 private:
  int former_;
};

// Runs `body` in silence; an exception of any kind becomes a text. Gloo throws what is no `c10::Error`.
template <typename Body>
char *guard(Body &&body) noexcept {
  Silence silence;
  try {
    body();
    return nullptr;
  } catch (const c10::Error &error) {
    return message(error.what_without_backtrace());
  } catch (const std::exception &error) {
    return message(error.what());
  } catch (...) {
    return message("an exception of an unknown type");
  }
}

}  // namespace cd
