// Numbers in the bytes of a file.
#pragma once

#include <cstdint>
#include <cstring>

namespace ci {

inline uint32_t big_endian(const uint8_t *bytes) {
  return static_cast<uint32_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

inline uint32_t little_endian(const uint8_t *bytes, int count) {
  uint32_t value = 0;
  for (int index = count - 1; index >= 0; index--) value = value << 8 | bytes[index];
  return value;
}

inline bool is_name(const uint8_t *bytes, const char *name) { return memcmp(bytes, name, 4) == 0; }

}  // namespace ci
