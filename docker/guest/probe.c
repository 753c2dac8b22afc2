/*
 * fhprobe: the network tool inside the demo guest.
 *
 * Theory of operation
 * -------------------
 * busybox has no echo service and its nc cannot say *why* a connection failed. The demo and its
 * tests live on exactly that difference (dropped, refused, cut), so this one program is both ends:
 *
 *   fhprobe serve PORT...             echo on each port, TCP and UDP, IPv4 and IPv6
 *   fhprobe connect HOST PORT [MS]    one TCP connection and one echoed line
 *   fhprobe udp HOST PORT [MS]        one UDP datagram and its echo
 *   fhprobe stream HOST PORT FILE     a line every 20 ms over one connection, progress kept in FILE
 *   fhprobe spoof IFACE SRCMAC SRC DST DSTMAC PORT TEXT   one forged IPv4/UDP frame
 *   fhprobe (as a CGI program)        connect, with host= and port= from QUERY_STRING
 *
 * Answers are one line on standard output, "connected 3 ms", "timed out", "refused" and so on; the
 * exit status is 0 only if the peer answered. Hosts are numeric addresses: no resolver is involved.
 *
 * `serve` is one process with one poll loop. It appends a line "udp SRC TEXT" to
 * /run/fhprobe.received for every datagram, so a test can see which forged packets arrived.
 *
 * Limits: 60 open TCP connections (the oldest gives way), 1400 bytes a datagram.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECEIVED_FILE "/run/fhprobe.received"
#define MAX_FDS 64
#define MAX_LISTEN_PORTS 2
#define STREAM_INTERVAL_MS 20

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Parses a decimal number. Return: the number, or -1 if the text is none or lies outside 1..max. */
static long parse_number(const char *text, long max)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    return errno || end == text || *end || n < 1 || n > max ? -1 : n;
}

static struct addrinfo *resolve(const char *host, const char *port, int type)
{
    struct addrinfo hints = {.ai_socktype = type, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;

    if (parse_number(port, 65535) < 0 || getaddrinfo(host, port, &hints, &found) != 0)
        return NULL;
    return found;
}

static const char *reason(int error)
{
    switch (error) {
    case ECONNREFUSED: return "refused";
    case ETIMEDOUT: return "timed out";
    case ECONNRESET: return "cut";
    case EHOSTUNREACH: return "host unreachable";
    case ENETUNREACH: return "network unreachable";
    case EACCES:
    case EPERM: return "not permitted";
    default: return strerror(error);
    }
}

static int wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left = deadline - now_ms();

    return left > 0 && poll(&p, 1, (int)left) == 1;
}

/* Opens a TCP connection. Return: the socket, or -errno. */
static int tcp_open(const struct addrinfo *to, int64_t deadline)
{
    int error = 0;
    socklen_t size = sizeof(error);
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return fd;
    error = errno;
    if (error == EINPROGRESS) {
        if (!wait_for(fd, POLLOUT, deadline))
            error = ETIMEDOUT;
        else
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error) {
        close(fd);
        return -error;
    }
    return fd;
}

/* Sends one line and waits for its echo. Return: 0 or an errno. */
static int echo_once(int fd, const char *line, int64_t deadline)
{
    char answer[256];
    ssize_t n;

    if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
        return errno;
    if (!wait_for(fd, POLLIN, deadline))
        return ETIMEDOUT;
    n = recv(fd, answer, sizeof(answer), 0);
    return n < 0 ? errno : n == 0 ? ECONNRESET : 0;
}

static int probe(const char *host, const char *port, const char *ms, int type)
{
    struct addrinfo *to = resolve(host, port, type);
    int64_t start = now_ms();
    long limit = parse_number(ms, 60000);
    int64_t deadline = start + limit;
    int fd, error;

    if (!to || limit < 0) {
        puts("bad address, port or time");
        return 2;
    }
    if (type == SOCK_STREAM) {
        fd = tcp_open(to, deadline);
    } else {
        fd = socket(to->ai_family, SOCK_DGRAM, 0);
        if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) < 0)
            fd = -errno;
    }
    if (fd < 0) {
        printf("%s\n", reason(-fd));
        return 1;
    }
    error = echo_once(fd, "hello from fhprobe\n", deadline);
    close(fd);
    if (error) {
        printf("%s\n", type == SOCK_STREAM ? "connected but no answer" : reason(error));
        return 1;
    }
    printf("connected %lld ms\n", (long long)(now_ms() - start));
    return 0;
}

/* Replaces FILE atomically, so that a reader never sees half a line. */
static void note(const char *file, const char *state, long echoed, int64_t longest_gap, int64_t last)
{
    char draft[256];
    FILE *out;

    snprintf(draft, sizeof(draft), "%s.new", file);
    out = fopen(draft, "we");
    if (!out)
        return;
    fprintf(out, "state=%s echoed=%ld longest_gap_ms=%lld silent_ms=%lld\n", state, echoed,
            (long long)longest_gap, (long long)(now_ms() - last));
    fclose(out);
    rename(draft, file);
}

static int stream(const char *host, const char *port, const char *file)
{
    struct addrinfo *to = resolve(host, port, SOCK_STREAM);
    int64_t last, longest = 0, next_note = 0, now;
    const char *state = "open";
    char buffer[512];
    long echoed = 0;
    ssize_t n;
    int fd;

    if (!to) {
        puts("bad address or port");
        return 2;
    }
    last = now_ms();
    fd = tcp_open(to, last + 5000);
    if (fd < 0) {
        note(file, reason(-fd), 0, 0, last);
        return 1;
    }
    last = now_ms();
    for (;;) {
        if (send(fd, "tick\n", 5, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
            state = reason(errno);
            break;
        }
        if (wait_for(fd, POLLIN, now_ms() + STREAM_INTERVAL_MS)) {
            n = recv(fd, buffer, sizeof(buffer), 0);
            if (n <= 0 && !(n < 0 && errno == EAGAIN)) {
                state = n == 0 ? "closed" : reason(errno);
                break;
            }
            if (n > 0) {
                now = now_ms();
                longest = now - last > longest ? now - last : longest;
                last = now;
                echoed += n / 5;
            }
            usleep(STREAM_INTERVAL_MS * 1000);
        }
        now = now_ms();
        if (now >= next_note) {
            note(file, state, echoed, longest, last);
            next_note = now + 100;
        }
    }
    note(file, state, echoed, longest, last);
    return 0;
}

static int listener(int type, long port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any,
                               .sin6_port = htons((uint16_t)port)};
    int on = 1;
    int off = 0;
    int fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
        (type == SOCK_STREAM && listen(fd, 16) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void echo_datagram(int fd)
{
    struct sockaddr_in6 from;
    socklen_t size = sizeof(from);
    char text[1400], source[INET6_ADDRSTRLEN];
    ssize_t n = recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&from, &size);
    FILE *log;

    if (n < 0)
        return;
    (void)!sendto(fd, text, (size_t)n, 0, (struct sockaddr *)&from, size);
    log = fopen(RECEIVED_FILE, "ae");
    if (!log)
        return;
    inet_ntop(AF_INET6, &from.sin6_addr, source, sizeof(source));
    fprintf(log, "udp %s %.*s\n", source, (int)n, text);
    fclose(log);
}

/* Return: 0 to keep the connection, -1 to close it. */
static int echo_bytes(int fd)
{
    char text[4096];
    ssize_t n = recv(fd, text, sizeof(text), 0);

    if (n <= 0)
        return n < 0 && errno == EAGAIN ? 0 : -1;
    return send(fd, text, (size_t)n, MSG_NOSIGNAL) < 0 && errno != EAGAIN ? -1 : 0;
}

static int serve(int count, char **ports)
{
    struct pollfd fds[MAX_FDS];
    int listeners = 0, used, i, fd;
    long port;

    for (i = 0; i < count && i < MAX_LISTEN_PORTS; i++) {
        port = parse_number(ports[i], 65535);
        fds[listeners++] = (struct pollfd){.fd = listener(SOCK_STREAM, port), .events = POLLIN};
        fds[listeners++] = (struct pollfd){.fd = listener(SOCK_DGRAM, port), .events = POLLIN};
        if (port < 0 || fds[listeners - 2].fd < 0 || fds[listeners - 1].fd < 0) {
            fprintf(stderr, "cannot listen on port %s\n", ports[i]);
            return 2;
        }
    }
    used = listeners;
    for (;;) {
        if (poll(fds, (nfds_t)used, -1) < 0)
            continue;
        for (i = used - 1; i >= listeners; i--) {
            if (fds[i].revents && echo_bytes(fds[i].fd) < 0) {
                close(fds[i].fd);
                memmove(&fds[i], &fds[i + 1], (size_t)(--used - i) * sizeof(fds[0]));
            }
        }
        for (i = 0; i < listeners; i++) {
            if (!fds[i].revents)
                continue;
            if (i % 2) {
                echo_datagram(fds[i].fd);
                continue;
            }
            fd = accept4(fds[i].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0)
                continue;
            if (used == MAX_FDS) {
                close(fds[listeners].fd);
                memmove(&fds[listeners], &fds[listeners + 1],
                        (size_t)(--used - listeners) * sizeof(fds[0]));
            }
            fds[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
    }
}

static uint16_t ip_checksum(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint32_t sum = 0;
    size_t i;

    for (i = 0; i + 1 < size; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static int parse_mac(const char *text, uint8_t *mac)
{
    return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
                  &mac[5]) == 6 ? 0 : -1;
}

static int spoof(char **a)
{
    struct {
        struct ether_header eth;
        struct iphdr ip;
        struct udphdr udp;
        char text[64];
    } __attribute__((packed)) frame = {0};
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = ETH_ALEN};
    size_t text = strlen(a[6]);
    struct in_addr source, target;
    struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
    long port = parse_number(a[5], 65535);
    size_t size;
    int fd;

    to.sll_ifindex = (int)if_nametoindex(a[0]);
    if (!to.sll_ifindex || text > sizeof(frame.text) || port < 0 ||
        parse_mac(a[1], frame.eth.ether_shost) || parse_mac(a[4], frame.eth.ether_dhost) ||
        !inet_aton(a[2], &source) || !inet_aton(a[3], &target)) {
        puts("bad interface, address, port or text");
        return 2;
    }
    memcpy(to.sll_addr, frame.eth.ether_dhost, ETH_ALEN);
    frame.eth.ether_type = htons(ETHERTYPE_IP);
    ip.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(frame.udp) + text));
    ip.saddr = source.s_addr;
    ip.daddr = target.s_addr;
    ip.check = ip_checksum(&ip, sizeof(ip));
    memcpy(&frame.ip, &ip, sizeof(ip));
    frame.udp.source = htons(40000);
    frame.udp.dest = htons((uint16_t)port);
    frame.udp.len = htons((uint16_t)(sizeof(frame.udp) + text));
    memcpy(frame.text, a[6], text);
    size = sizeof(frame) - sizeof(frame.text) + text;
    fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
    if (fd < 0 || sendto(fd, &frame, size, 0, (struct sockaddr *)&to, sizeof(to)) != (ssize_t)size) {
        printf("not sent: %s\n", strerror(errno));
        return 1;
    }
    puts("sent");
    return 0;
}

/* Copies the value of `key` (with its '=') out of a query. Only what an address needs is taken. */
static void query_value(const char *query, const char *key, char *value, size_t size)
{
    const char *at = strstr(query, key);
    size_t n = 0;

    value[0] = '\0';
    if (!at || (at != query && at[-1] != '&'))
        return;
    for (at += strlen(key); n + 1 < size && *at && strchr("0123456789abcdefABCDEF.:", *at); at++)
        value[n++] = *at;
    value[n] = '\0';
}

static int cgi(const char *query)
{
    char host[INET6_ADDRSTRLEN], port[8];

    query_value(query, "host=", host, sizeof(host));
    query_value(query, "port=", port, sizeof(port));
    printf("Content-Type: text/plain\r\n\r\n%s port %s: ", host, port);
    probe(host, port, "3000", SOCK_STREAM);
    return 0;
}

int main(int argc, char **argv)
{
    const char *query = getenv("QUERY_STRING");
    const char *verb = argc > 1 ? argv[1] : "";

    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 1 && query)
        return cgi(query);
    if (!strcmp(verb, "serve") && argc > 2)
        return serve(argc - 2, argv + 2);
    if (!strcmp(verb, "connect") && (argc == 4 || argc == 5))
        return probe(argv[2], argv[3], argc == 5 ? argv[4] : "2000", SOCK_STREAM);
    if (!strcmp(verb, "udp") && (argc == 4 || argc == 5))
        return probe(argv[2], argv[3], argc == 5 ? argv[4] : "2000", SOCK_DGRAM);
    if (!strcmp(verb, "stream") && argc == 5)
        return stream(argv[2], argv[3], argv[4]);
    if (!strcmp(verb, "spoof") && argc == 9)
        return spoof(argv + 2);
    fputs("usage: fhprobe serve PORT... | connect HOST PORT [MS] | udp HOST PORT [MS] |\n"
          "       stream HOST PORT FILE | spoof IFACE SRCMAC SRC DST DSTMAC PORT TEXT\n", stderr);
    return 2;
}
