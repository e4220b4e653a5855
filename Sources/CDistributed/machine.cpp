// Copies of a program on this machine, and the machine's address.
#include <cerrno>
#include <csignal>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <spawn.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "include/cdistributed.h"

bool cd_address_towards(const char *host, uint16_t port, char *address, size_t capacity) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  if (getaddrinfo(host, std::to_string(port).c_str(), &hints, &found) != 0) return false;
  bool known = false;
  for (addrinfo *one = found; one != nullptr && !known; one = one->ai_next) {
    int connection = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
    if (connection < 0) continue;
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    // Nothing is sent: the system only chooses the way.
    known = connect(connection, one->ai_addr, one->ai_addrlen) == 0 &&
            getsockname(connection, reinterpret_cast<sockaddr *>(&own), &length) == 0 &&
            getnameinfo(reinterpret_cast<sockaddr *>(&own), length, address,
                        static_cast<socklen_t>(capacity), nullptr, 0, NI_NUMERICHOST) == 0;
    close(connection);
  }
  freeaddrinfo(found);
  return known && strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0;
}

int32_t cd_start(const char *program, char *const *arguments, char *const *environment) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t process = -1;
  int failure = posix_spawn(&process, program, nullptr, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  if (failure == 0) return process;
  errno = failure;
  return -1;
}

bool cd_end_with_parent(int32_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It is in the background of the terminal on which it shows its progress.
  signal(SIGTTOU, SIG_IGN);
  return getppid() == parent;
}
