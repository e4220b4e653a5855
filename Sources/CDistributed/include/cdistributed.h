// The C seam between Swift and c10d, the part of LibTorch for several processes.
//
// Every function that can fail returns null for success, or what went wrong: the first line of LibTorch's or
// Gloo's own words, to be freed with `cd_message_free`. Times are in milliseconds.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void cd_message_free(char *message);

// ---------------------------------------------------------------------------------- stores

// Values under keys that several processes read and write.
typedef struct cd_store_s *cd_store;

// Joins a store, or serves one for as long as it lives here; a server's port may be 0 for any free one.
// c10d tries to connect about twice as long as `timeout` says.
char *cd_store_connect(const char *host, uint16_t port, bool serves, int64_t timeout,
                       cd_store *out);
// Opens a store in a file that `size` processes see; the last of them removes it.
char *cd_store_file(const char *path, int32_t size, int64_t timeout, cd_store *out);
// The same store, in which every key begins with a prefix.
char *cd_store_prefix(cd_store store, const char *prefix, cd_store *out);
void cd_store_free(cd_store store);
// The port of a store that `cd_store_connect` made.
uint16_t cd_store_port(cd_store store);

char *cd_store_set(cd_store store, const char *key, const void *value, size_t count);
// Whether the store has a key now.
char *cd_store_has(cd_store store, const char *key, bool *found);
// The value of a key, to be freed with `cd_bytes_free`; waits until it is there.
char *cd_store_get(cd_store store, const char *key, int64_t timeout, uint8_t **value,
                   size_t *count);
void cd_bytes_free(uint8_t *value);

// ---------------------------------------------------------------------------------- groups

// Processes that reduce tensors together. All of them call the same functions in the same order, with tensors of
// the same shapes, types and strides: nothing checks it, and most differences give wrong numbers.
typedef struct cd_group_s *cd_group;

// The address of a tensor of LibTorch's, as a `ct_tensor` of the shim CTorch is. It is borrowed for the call.
typedef void *cd_tensor;

typedef enum { CD_SUM, CD_LEAST, CD_GREATEST } cd_reduction;

// A group over Gloo, for tensors on the CPU. Waits for all others. The others reach this process at `address`; null
// for the network that GLOO_SOCKET_IFNAME names, or the one that this machine's own name leads to.
char *cd_group_gloo(cd_store store, int32_t rank, int32_t size, int64_t timeout,
                    const char *address, cd_group *out);
// Adds NCCL to a group, for tensors on this process's card. Waits for all others.
char *cd_group_add_nccl(cd_group group, cd_store store, int32_t rank, int32_t size, int64_t timeout,
                        int8_t card);
// Leaves a group. False, and the group as it is, where sums are under way still, for which Gloo would wait.
bool cd_group_free(cd_group group);
// Replaces each tensor by its sum, least or greatest over the processes. All are under way at once.
char *cd_group_reduce(cd_group group, const cd_tensor *tensors, size_t count,
                      cd_reduction reduction);
// Begins to replace each tensor by its sum, which `cd_group_wait` ends.
char *cd_group_start_sum(cd_group group, const cd_tensor *tensors, size_t count);
// Waits for all sums that were begun.
char *cd_group_wait(cd_group group);
// Overwrites each tensor by that of the process `root`.
char *cd_group_broadcast(cd_group group, const cd_tensor *tensors, size_t count, int32_t root);

// ---------------------------------------------------------------------- machines, processes

// Starts a program in a process group of its own, so that a terminal's signals reach its parent alone. The arrays end
// in null. Returns its number, or -1 with `errno` set.
int32_t cd_start(const char *program, char *const *arguments, char *const *environment);
// This machine's address towards another one, as numbers; false where there is no way to it, or only the loopback.
bool cd_address_towards(const char *host, uint16_t port, char *address, size_t capacity);
// Has the system kill this process when the one that started it ends; false where that one has ended already.
bool cd_end_with_parent(int32_t parent);

#ifdef __cplusplus
}
#endif
