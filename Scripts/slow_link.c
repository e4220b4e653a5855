// A slow network between two network namespaces, where the kernel has no `tc netem`.
//
//   cc -O2 -o slow_link Scripts/slow_link.c && sudo ./slow_link NAMESPACE NAMESPACE DELAY_MS MBIT LOSS_PERCENT
//
// It makes the namespaces where they are lacking, gives each an Ethernet device `slow` (10.77.0.1 and 10.77.0.2), and
// carries frames between them: after the delay, no faster than the rate, and without those that chance drops. Both
// directions are alike and apart. It prints a line when the link is up, and ends with a signal, which cuts the link.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES = 1 << 15, FRAME_BYTES = 1600 };

typedef struct {
  double due;
  size_t size;
  uint8_t bytes[FRAME_BYTES];
} Frame;

// What is on its way in one direction: a ring, in the order of arrival.
typedef struct {
  Frame *frames;
  size_t first, count;
  double free_at;  // when the last frame has left the sender
} Line;

static void fail(const char *what) {
  fprintf(stderr, "slow_link: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void run(const char *format, const char *a, const char *b) {
  char command[512];
  snprintf(command, sizeof command, format, a, b);
  if (system(command) != 0) {
    fprintf(stderr, "slow_link: failed: %s\n", command);
    exit(1);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// A device `slow` in a namespace; the descriptor carries its frames.
static int open_end(const char *name, const char *address) {
  char path[256];
  run("ip netns list | grep -qw %s || ip netns add %s", name, name);
  snprintf(path, sizeof path, "/run/netns/%s", name);
  int space = open(path, O_RDONLY);
  if (space < 0 || setns(space, CLONE_NEWNET) != 0) fail(path);
  close(space);
  int end = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (end < 0) fail("/dev/net/tun");
  struct ifreq request = {0};
  strcpy(request.ifr_name, "slow");
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (ioctl(end, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
  run("ip link set lo up && ip address add %s/24 dev slow && ip link set slow up%s", address, "");
  return end;
}

int main(int count, char **words) {
  if (count != 6) {
    fprintf(stderr, "usage: slow_link NAMESPACE NAMESPACE DELAY_MS MBIT LOSS_PERCENT\n");
    return 64;
  }
  double delay = atof(words[3]) / 1000, rate = atof(words[4]) * 1e6 / 8, loss = atof(words[5]) / 100;
  int ends[2] = {open_end(words[1], "10.77.0.1"), open_end(words[2], "10.77.0.2")};
  Line lines[2] = {0};
  for (int way = 0; way < 2; ++way) {
    lines[way].frames = malloc(FRAMES * sizeof(Frame));
    if (!lines[way].frames) fail("memory");
  }
  srand48(1);
  printf("10.77.0.1 and 10.77.0.2 are joined\n");
  fflush(stdout);
  for (;;) {
    double time = now(), next = time + 1;
    for (int way = 0; way < 2; ++way) {
      Line *line = &lines[way];
      while (line->count > 0 && line->frames[line->first].due <= time) {
        Frame *frame = &line->frames[line->first];
        // A full device drops frames, as networks do.
        if (write(ends[1 - way], frame->bytes, frame->size) < 0 && errno != EAGAIN) fail("write");
        line->first = (line->first + 1) % FRAMES;
        --line->count;
      }
      if (line->count > 0 && line->frames[line->first].due < next) next = line->frames[line->first].due;
    }
    double wait = next - now();
    if (wait < 0) wait = 0;
    struct timespec limit = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
    struct pollfd wanted[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
    if (ppoll(wanted, 2, &limit, NULL) < 0 && errno != EINTR) fail("poll");
    for (int way = 0; way < 2; ++way) {
      Line *line = &lines[way];
      while (line->count < FRAMES) {
        Frame *frame = &line->frames[(line->first + line->count) % FRAMES];
        ssize_t size = read(ends[way], frame->bytes, FRAME_BYTES);
        if (size < 0 && errno == EAGAIN) break;
        if (size < 0) fail("read");
        if (drand48() < loss) continue;
        double start = now();
        if (start < line->free_at) start = line->free_at;
        line->free_at = start + (double)size / rate;
        frame->due = line->free_at + delay;
        frame->size = (size_t)size;
        ++line->count;
      }
    }
  }
}
