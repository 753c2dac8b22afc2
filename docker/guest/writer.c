/*
 * fhwriter: writes numbered records and says which of them are safe.
 *
 * Theory of operation
 * -------------------
 * Proof that a copy of disks is of one moment and lost nothing. Record N goes to slot N of a ring in each TARGET, one target
 * after the other, each followed by fsync; then "fhwriter: N" is printed. So in any copy that is as after a power failure
 * (fsync kept its word):
 *   - no record is torn: each carries a checksum over all of its 4 KiB;
 *   - every record that was printed before the moment is there (or a later one of its slot);
 *   - the first target is at most one record ahead of the second, and never behind.
 *
 *   fhwriter write MILLISECONDS TARGET...   writes without end, MILLISECONDS between records; goes on after the highest
 *                                           number that it finds, so that no older record can pass for a new one
 *   fhwriter time SECONDS TARGET...         writes for so long, or until SIGTERM; prints "RECORDS BEGAN" (in microseconds since
 *                                           1970) and for each tenth of a second since then the longest record that was begun
 *                                           in it, in microseconds
 *   fhwriter scatter SEED COUNT MIB TARGET  writes COUNT pieces of 64 KiB of noise to random places in the first MIB; prints
 *                                           how many different places
 *   fhwriter check TARGET...                prints "TARGET LAST TORN" for each: the highest number, torn records
 *
 * A target is a file, made as needed, or a block device. The same program checks on the host what it wrote in the guest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORD_SIZE 4096
#define SLOTS 1024
#define MAX_TARGETS 8
#define MAX_TIMED_SECONDS 600
#define PIECE_SIZE 65536
#define MAX_PLACES 65536
#define MAGIC UINT64_C(0x6672656568726563)
#define WORDS (RECORD_SIZE / sizeof(uint64_t))

/* magic, number, noise made of the number, checksum; little-endian as the machine is */
struct record {
    uint64_t word[WORDS];
};

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

static uint64_t checksum(const struct record *record)
{
    uint64_t sum = MAGIC;

    for (size_t i = 0; i < WORDS - 1; i++)
        sum = mix(sum ^ record->word[i]);
    return sum;
}

static void make(struct record *record, uint64_t number)
{
    record->word[0] = MAGIC;
    record->word[1] = number;
    for (size_t i = 2; i < WORDS - 1; i++)
        record->word[i] = mix(number * WORDS + i);
    record->word[WORDS - 1] = checksum(record);
}

static off_t slot(uint64_t number)
{
    return (off_t)(number % SLOTS) * RECORD_SIZE;
}

static int fail(const char *what)
{
    fprintf(stderr, "fhwriter: %s: %s\n", what, strerror(errno));
    return 1;
}

/* The highest number in an open target, and how many of its slots hold something that is no whole record. */
static uint64_t last_record(int fd, uint64_t *torn)
{
    static struct record record, zero;
    uint64_t last = 0;

    *torn = 0;
    for (uint64_t i = 0; i < SLOTS; i++) {
        if (pread(fd, &record, RECORD_SIZE, (off_t)i * RECORD_SIZE) != RECORD_SIZE)
            break;
        if (memcmp(&record, &zero, RECORD_SIZE) == 0)
            continue;
        if (record.word[0] != MAGIC || record.word[WORDS - 1] != checksum(&record) || record.word[1] % SLOTS != i)
            (*torn)++;
        else if (record.word[1] > last)
            last = record.word[1];
    }
    return last;
}

/* Opens the targets; *number becomes the highest in any of them. */
static int open_targets(int n, char **targets, int *fd, uint64_t *number)
{
    *number = 0;
    for (int i = 0; i < n; i++) {
        uint64_t last, torn;

        fd[i] = open(targets[i], O_RDWR | O_CREAT, 0644);
        if (fd[i] < 0)
            return fail(targets[i]);
        last = last_record(fd[i], &torn);
        if (last > *number)
            *number = last;
    }
    return 0;
}

/* Returns when the record is safe in all targets. */
static int write_record(uint64_t number, int n, char **targets, const int *fd)
{
    static struct record record __attribute__((aligned(RECORD_SIZE)));

    make(&record, number);
    for (int i = 0; i < n; i++)
        if (pwrite(fd[i], &record, RECORD_SIZE, slot(number)) != RECORD_SIZE || fsync(fd[i]) != 0)
            return fail(targets[i]);
    return 0;
}

static uint64_t microseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static volatile sig_atomic_t told_to_end;

static void end_soon(int signal)
{
    (void)signal;
    told_to_end = 1;
}

static int time_records(long seconds, int n, char **targets)
{
    static uint32_t longest[MAX_TIMED_SECONDS * 10];
    uint64_t number, first, began, start, now;
    uint64_t tenths = 0;
    int fd[MAX_TARGETS];

    if (seconds < 1 || seconds > MAX_TIMED_SECONDS) {
        fprintf(stderr, "fhwriter: between 1 and %d seconds can be timed\n", MAX_TIMED_SECONDS);
        return 2;
    }
    if (open_targets(n, targets, fd, &number))
        return 1;
    signal(SIGTERM, end_soon);
    first = number;
    began = microseconds(CLOCK_REALTIME);
    start = now = microseconds(CLOCK_MONOTONIC);
    while (!told_to_end && (tenths = (now - start) / 100000) < (uint64_t)seconds * 10) {
        uint64_t after;

        if (write_record(++number, n, targets, fd))
            return 1;
        after = microseconds(CLOCK_MONOTONIC);
        if (after - now > longest[tenths])
            longest[tenths] = (uint32_t)(after - now);
        now = after;
    }
    printf("%" PRIu64 " %" PRIu64, number - first, began);
    for (uint64_t i = 0; i < tenths; i++)
        printf(" %" PRIu32, longest[i]);
    printf("\n");
    return 0;
}

static int scatter(uint64_t seed, long count, long mib, const char *target)
{
    static uint64_t piece[PIECE_SIZE / sizeof(uint64_t)] __attribute__((aligned(RECORD_SIZE)));
    static uint8_t hit[MAX_PLACES];
    long places = mib * (1024 * 1024 / PIECE_SIZE), different = 0;
    int fd;

    if (places < 1 || places > MAX_PLACES) {
        fprintf(stderr, "fhwriter: between 1 and %d MiB\n", MAX_PLACES / (1024 * 1024 / PIECE_SIZE));
        return 2;
    }
    fd = open(target, O_WRONLY);
    if (fd < 0)
        return fail(target);
    for (long i = 0; i < count; i++) {
        long place = (long)((seed = mix(seed + 1)) % (uint64_t)places);

        for (size_t j = 0; j < PIECE_SIZE / sizeof(uint64_t); j++)
            piece[j] = mix(seed + j);
        if (pwrite(fd, piece, PIECE_SIZE, (off_t)place * PIECE_SIZE) != PIECE_SIZE)
            return fail(target);
        different += !hit[place];
        hit[place] = 1;
    }
    if (fsync(fd) != 0)
        return fail(target);
    printf("%ld\n", different);
    return 0;
}

static int write_records(long pause_ms, int n, char **targets)
{
    struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
    uint64_t number;
    int fd[MAX_TARGETS];

    if (open_targets(n, targets, fd, &number))
        return 1;
    for (;;) {
        if (write_record(++number, n, targets, fd))
            return 1;
        printf("fhwriter: %" PRIu64 "\n", number);
        fflush(stdout);
        if (pause_ms)
            nanosleep(&pause, NULL);
    }
}

static int check(const char *target)
{
    uint64_t last, torn;
    int fd = open(target, O_RDONLY);

    if (fd < 0)
        return fail(target);
    last = last_record(fd, &torn);
    close(fd);
    printf("%s %" PRIu64 " %" PRIu64 "\n", target, last, torn);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 3 && argc - 3 <= MAX_TARGETS && strcmp(argv[1], "write") == 0)
        return write_records(strtol(argv[2], NULL, 10), argc - 3, argv + 3);
    if (argc > 3 && argc - 3 <= MAX_TARGETS && strcmp(argv[1], "time") == 0)
        return time_records(strtol(argv[2], NULL, 10), argc - 3, argv + 3);
    if (argc == 6 && strcmp(argv[1], "scatter") == 0)
        return scatter(strtoull(argv[2], NULL, 10), strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10), argv[5]);
    if (argc > 2 && strcmp(argv[1], "check") == 0) {
        int status = 0;

        for (int i = 2; i < argc; i++)
            status |= check(argv[i]);
        return status;
    }
    fprintf(stderr, "usage: fhwriter write MILLISECONDS TARGET... | time SECONDS TARGET... |\n"
                    "                scatter SEED COUNT MIB TARGET | check TARGET...\n");
    return 2;
}
