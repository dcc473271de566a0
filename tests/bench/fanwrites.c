/* The limit of a fan-out: one loop of writes. fanwrites SCREENS BYTES HZ SECONDS TIMES; prints its port, then works.
 *
 * Answers each WebSocket's handshake, reads nothing more, and writes a text frame of BYTES to all of them HZ times a
 * second until SECONDS after the last one came. TIMES as in fanscreens.c.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 65536 };
static const char ANSWER[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int welcome(int listening) {
    int fd = accept(listening, NULL, NULL);
    char got[4096];
    for (int have = 0; have < 4096; have++) {
        if (read(fd, got + have, 1) != 1) exit(3);
        if (have >= 3 && !memcmp(got + have - 3, "\r\n\r\n", 4)) break;
    }
    if (write(fd, ANSWER, sizeof ANSWER - 1) < 0) exit(3);
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    signal(SIGPIPE, SIG_IGN);
    int number = atoi(argv[1]), bytes = atoi(argv[2]), file = open(argv[5], O_RDWR);
    int64_t period = 1e9 / atof(argv[3]), seconds = atof(argv[4]) * 1e9;
    volatile int64_t *times = mmap(NULL, SLOTS * 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listening = socket(AF_INET, SOCK_STREAM, 0), *lines = calloc(number, sizeof *lines);
    char *frame = malloc(bytes + 16);
    if (times == MAP_FAILED || bind(listening, (struct sockaddr *)&at, size) || listen(listening, 2048)) return 3;
    getsockname(listening, (struct sockaddr *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (int i = 0; i < number; i++) lines[i] = welcome(listening);
    memset(frame, ' ', bytes + 4);
    frame[0] = (char)0x81, frame[1] = 126, frame[2] = bytes >> 8, frame[3] = bytes & 0xff;
    int64_t due = now_ns(), end = due + seconds;
    for (long seq = 1; due < end; seq++) {
        struct timespec wake = {due / 1000000000LL, due % 1000000000LL};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
        int n = sprintf(frame + 4, "{\"type\":\"delta\",\"epoch\":\"0\",\"seq\":%ld,\"prev\":%ld", seq, seq - 1);
        frame[4 + n] = ' ';
        times[seq % SLOTS] = now_ns();
        for (int i = 0; i < number; i++)
            if (write(lines[i], frame, bytes + 4) < 0 && errno != EPIPE && errno != ECONNRESET) return 3;
        due += period;
    }
    return 0;
}
