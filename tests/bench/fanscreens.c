/* Ward screens as cheap as they get: fanscreens PORT SCREENS STALLED ACK SECONDS WARMUP TIMES
 *
 * Opens SCREENS WebSockets that read and, with ACK 1, acknowledge as the ward's page does (a snapshot, then every second
 * delta), and STALLED ones that say hello and never read. TIMES is a file of 65536 int64: the monotonic ns at which a
 * server began to send seq (mod). After WARMUP seconds counts deltas and their age for SECONDS, then prints one line of
 * JSON. SCREENS_TOKEN, if set, is how they sign in. Server frames only: unmasked, not fragmented.
 */
#define STALLED 64
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 65536, MOST = 8000000, CREDIT = 2 };
static const char HELLO[] = "{\"type\":\"hello\",\"proto\":[1],\"client\":\"bench\",\"subs\":[],\"credit\":2}";

struct screen {
    int fd, open, owed; /* owed: frames that are not acknowledged yet */
    uint8_t *data;
    size_t held, room;
    long long deltas, last;
};

static volatile int64_t *times;
static float *ages_us;
static long counted, broken;
static int counting, acking;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(3);
}

static void send_text(int fd, const char *text, size_t length) {
    uint8_t frame[256] = {0x81, (uint8_t)(0x80 | length)}; /* masked with zeros */
    memcpy(frame + 6, text, length);
    if (write(fd, frame, length + 6) < 0 && errno != EPIPE && errno != ECONNRESET && errno != EAGAIN) die("write");
}

static int join_ward(int port, int small) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), bytes = 4096;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (small) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (connect(fd, (struct sockaddr *)&at, sizeof at)) die("connect");
    char ask[1024], got[1024], who[400] = "";
    const char *token = getenv("SCREENS_TOKEN");
    if (token) snprintf(who, sizeof who, "Authorization: Bearer %s\r\n", token);
    int n = snprintf(ask, sizeof ask,
                     "GET /ws/v1/live HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", port, who);
    if (write(fd, ask, n) != n) die("ask");
    for (int have = 0;; have++) { /* byte by byte: what follows is frames */
        if (have == sizeof got || read(fd, got + have, 1) != 1) die("answer");
        if (have >= 3 && !memcmp(got + have - 3, "\r\n\r\n", 4)) break;
    }
    if (memcmp(got, "HTTP/1.1 101", 12)) { fprintf(stderr, "%.60s\n", got); exit(3); }
    send_text(fd, HELLO, sizeof HELLO - 1);
    return fd;
}

static long long number_after(const uint8_t *text, size_t length, const char *key) {
    const uint8_t *found = memmem(text, length < 160 ? length : 160, key, strlen(key));
    return found ? atoll((const char *)found + strlen(key)) : -1;
}

static void take(struct screen *s, const uint8_t *text, size_t length, int64_t now) {
    int delta = length > 15 && !memcmp(text, "{\"type\":\"delta\"", 15);
    int first = length > 18 && !memcmp(text, "{\"type\":\"snapshot\"", 18);
    if (!delta && !first) return;
    long long seq = number_after(text, length, "\"seq\":");
    s->owed = first ? CREDIT : s->owed + 1;
    if (acking && s->owed >= CREDIT) {
        char said[64];
        s->owed = 0;
        send_text(s->fd, said, snprintf(said, sizeof said, "{\"type\":\"ack\",\"seq\":%lld}", seq));
    }
    if (delta && s->last >= 0 && number_after(text, length, "\"prev\":") > s->last) broken++;
    s->last = seq;
    if (delta && counting && counted < MOST) {
        s->deltas++;
        ages_us[counted++] = (now - times[seq % SLOTS]) / 1000.0f;
    }
}

static void parse(struct screen *s, int64_t now) {
    size_t at = 0;
    while (s->held - at >= 2) {
        const uint8_t *f = s->data + at;
        size_t head = 2, length = f[1] & 0x7f;
        if (length == 126) head = 4;
        if (length == 127) head = 10;
        if (s->held - at < head) break;
        if (head == 4) length = f[2] << 8 | f[3];
        if (head == 10) { length = 0; for (int i = 2; i < 10; i++) length = length << 8 | f[i]; }
        if (s->held - at < head + length) break;
        if ((f[0] & 0x0f) == 1) take(s, f + head, length, now);
        if ((f[0] & 0x0f) == 8) s->open = 0;
        at += head + length;
    }
    memmove(s->data, s->data + at, s->held - at);
    s->held -= at;
}

static void hear(struct screen *s) {
    if (s->room - s->held < 65536) {
        s->room = s->room * 2 + 131072;
        if (!(s->data = realloc(s->data, s->room))) die("memory");
    }
    ssize_t n = recv(s->fd, s->data + s->held, s->room - s->held, MSG_DONTWAIT);
    if (n > 0) { s->held += n; parse(s, now_ns()); }
    if (n == 0 || (n < 0 && errno != EAGAIN)) s->open = 0;
}

static void hear_some(int poller, int timeout_ms) {
    struct epoll_event ready[256];
    int n = epoll_wait(poller, ready, 256, timeout_ms);
    for (int i = 0; i < n; i++) {
        struct screen *s = ready[i].data.ptr;
        hear(s);
        if (!s->open) epoll_ctl(poller, EPOLL_CTL_DEL, s->fd, NULL);
    }
}

static int by_age(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double share(double part) { return counted ? ages_us[(long)(part * (counted - 1))] : -1; }

int main(int argc, char **argv) {
    if (argc != 8) return 2;
    signal(SIGPIPE, SIG_IGN);
    int port = atoi(argv[1]), number = atoi(argv[2]), stalled = atoi(argv[3]);
    acking = atoi(argv[4]);
    int64_t seconds = atof(argv[5]) * 1e9, warmup = atof(argv[6]) * 1e9, dropped[STALLED] = {0};
    int file = open(argv[7], O_RDWR), lines[STALLED];
    times = mmap(NULL, SLOTS * 8, PROT_READ, MAP_SHARED, file, 0);
    ages_us = malloc(MOST * sizeof *ages_us);
    if (times == MAP_FAILED || !ages_us || stalled > STALLED) die("start");
    struct screen *screens = calloc(number, sizeof *screens);
    int poller = epoll_create1(0);
    for (int i = 0; i < number; i++) {
        screens[i] = (struct screen){.fd = join_ward(port, 0), .open = 1, .last = -1};
        struct epoll_event want = {.events = EPOLLIN, .data.ptr = &screens[i]};
        epoll_ctl(poller, EPOLL_CTL_ADD, screens[i].fd, &want);
        hear_some(poller, 0); /* who is in already does not wait for the others */
    }
    printf("open\n");
    fflush(stdout);
    for (int i = 0; i < stalled; i++) lines[i] = join_ward(port, 1);
    int64_t start = now_ns() + warmup, end = start + seconds, began = now_ns();
    for (int64_t now; (now = now_ns()) < end;) {
        if (!counting && now >= start) { counting = 1; printf("counting\n"); fflush(stdout); }
        hear_some(poller, 50);
        for (int i = 0; i < stalled; i++) {
            struct pollfd line = {.fd = lines[i], .events = POLLRDHUP};
            if (!dropped[i] && poll(&line, 1, 0) > 0) dropped[i] = now_ns() - began;
        }
    }
    printf("counted\n");
    long long most = 0, least = -1;
    int lost = 0;
    for (int i = 0; i < number; i++) {
        lost += !screens[i].open;
        if (screens[i].deltas > most) most = screens[i].deltas;
        if (least < 0 || screens[i].deltas < least) least = screens[i].deltas;
    }
    double worst = 0;
    for (int i = 0; i < stalled; i++) {
        if (!dropped[i]) dropped[i] = 3600LL * 1000000000;
        if (dropped[i] > worst) worst = dropped[i];
    }
    qsort(ages_us, counted, sizeof *ages_us, by_age);
    printf("{\"deltas\":%ld,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"least\":%lld,\"most\":%lld,\"broken\":%ld,"
           "\"lost_screens\":%d,\"dropped_s\":%.2f}\n",
           counted, share(0.5), share(0.99), share(1), least, most, broken, lost, worst / 1e9);
    return 0;
}
