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
 *   fhwriter check TARGET...                prints "TARGET LAST TORN" for each: the highest number, torn records
 *
 * A target is a file, made as needed, or a block device. The same program checks on the host what it wrote in the guest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORD_SIZE 4096
#define SLOTS 1024
#define MAX_TARGETS 8
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

static int write_records(long pause_ms, int n, char **targets)
{
    static struct record record __attribute__((aligned(RECORD_SIZE)));
    struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
    uint64_t number = 0, torn;
    int fd[MAX_TARGETS];

    for (int i = 0; i < n; i++) {
        uint64_t last;

        fd[i] = open(targets[i], O_RDWR | O_CREAT, 0644);
        if (fd[i] < 0)
            return fail(targets[i]);
        last = last_record(fd[i], &torn);
        if (last > number)
            number = last;
    }
    for (;;) {
        make(&record, ++number);
        for (int i = 0; i < n; i++)
            if (pwrite(fd[i], &record, RECORD_SIZE, slot(number)) != RECORD_SIZE || fsync(fd[i]) != 0)
                return fail(targets[i]);
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
    if (argc > 2 && strcmp(argv[1], "check") == 0) {
        int status = 0;

        for (int i = 2; i < argc; i++)
            status |= check(argv[i]);
        return status;
    }
    fprintf(stderr, "usage: fhwriter write MILLISECONDS TARGET... | check TARGET...\n");
    return 2;
}
