// Stores over TCP, and in a file.
#include <cstdlib>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "shared.h"

void cd_message_free(char *message) { std::free(message); }

char *cd_store_connect(const char *host, uint16_t port, bool serves, int64_t timeout,
                       cd_store *out) {
  return cd::guard([&] {
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = serves;
    options.waitWorkers = false;
    options.timeout = std::chrono::milliseconds(timeout);
    auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
    uint16_t own = store->getPort();
    *out = new cd_store_s{std::move(store), own};
  });
}

char *cd_store_file(const char *path, int32_t size, int64_t timeout, cd_store *out) {
  return cd::guard([&] {
    auto store = c10::make_intrusive<c10d::FileStore>(path, size);
    store->setTimeout(std::chrono::milliseconds(timeout));
    *out = new cd_store_s{std::move(store), 0};
  });
}

char *cd_store_prefix(cd_store store, const char *prefix, cd_store *out) {
  return cd::guard([&] {
    auto inner = c10::make_intrusive<c10d::PrefixStore>(prefix, store->store);
    *out = new cd_store_s{std::move(inner), store->port};
  });
}

void cd_store_free(cd_store store) { delete store; }

uint16_t cd_store_port(cd_store store) { return store->port; }

char *cd_store_set(cd_store store, const char *key, const void *value, size_t count) {
  return cd::guard([&] {
    auto first = static_cast<const uint8_t *>(value);
    store->store->set(key, std::vector<uint8_t>(first, first + count));
  });
}

char *cd_store_has(cd_store store, const char *key, bool *found) {
  return cd::guard([&] { *found = store->store->check({key}); });
}

char *cd_store_get(cd_store store, const char *key, int64_t timeout, uint8_t **value,
                   size_t *count) {
  return cd::guard([&] {
    store->store->wait({key}, std::chrono::milliseconds(timeout));
    std::vector<uint8_t> bytes = store->store->get(key);
    *value = static_cast<uint8_t *>(std::malloc(std::max<size_t>(bytes.size(), 1)));
    if (*value == nullptr) throw std::bad_alloc();
    std::copy(bytes.begin(), bytes.end(), *value);
    *count = bytes.size();
  });
}

void cd_bytes_free(uint8_t *value) { std::free(value); }
