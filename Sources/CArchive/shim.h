#include <archive.h>
#include <archive_entry.h>

// Linux has it, but the headers show it only where _GNU_SOURCE is set, which Swift does not do.
int syncfs(int descriptor);
