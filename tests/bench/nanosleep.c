/* The limit of the loop's lateness: a process that only sleeps. nanosleep PERIOD_US SECONDS; prints us late, one a line. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    long long period = atoll(argv[1]) * 1000, end = now_ns() + (long long)(atof(argv[2]) * 1e9);
    while (now_ns() < end) {
        long long due = now_ns() + period;
        struct timespec wake = {due / 1000000000LL, due % 1000000000LL};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
        printf("%.1f\n", (now_ns() - due) / 1000.0);
    }
    return 0;
}
