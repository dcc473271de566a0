/* A disk that stalls: preloaded, every eighth commit of the process takes a second more, while there is a file
 * SLOW_DISK_SWITCH. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int commits;

static void stall(void) {
    const char *file = getenv("SLOW_DISK_SWITCH");
    if (file && access(file, F_OK) == 0 && atomic_fetch_add(&commits, 1) % 8 == 7) sleep(1);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    stall();
    return real(fd);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    stall();
    return real(fd);
}
