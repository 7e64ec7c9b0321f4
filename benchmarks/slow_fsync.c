/* Preloaded into a process, makes every fsync and fdatasync take 2 ms longer: a slower disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int slowed(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct timespec two_ms = {0, 2000000};
    nanosleep(&two_ms, 0);
    return real(file);
}

int fsync(int file) { return slowed("fsync", file); }
int fdatasync(int file) { return slowed("fdatasync", file); }
