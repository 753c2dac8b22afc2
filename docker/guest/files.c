/*
 * fhfiles: shows the files on a disk to the host, from inside a throwaway guest.
 *
 * Theory of operation
 * -------------------
 * Somebody's disk is no file to be trusted: its file system may be made to break into the kernel that mounts it. So the host
 * never does; it boots this guest with the disk, no network and nothing else, and asks over a serial port. Whoever breaks in
 * here has gained a machine that holds nothing but that disk, and a line to a host that takes each answer for a lie.
 *
 *   fhfiles PORT        mounts what it finds, read-only, then answers until the port closes
 *
 * Each file system is a folder of the top: "disk" (the whole disk has one), "partition-1" and so on. Links lead to where they
 * lead inside their own file system. The disk may be written to by journals that are replayed: the host gives a copy.
 *
 * Requests, one a line:     list PATH | file PATH | quit       PATH in percent-encoding
 * Answers, any number of    length (4 bytes, big-endian, of what follows), type (1 byte), payload
 *   R  ready, before all else; payload: the number of file systems found and a blank; when there is none, then what there is
 *      instead: "encrypted", "damaged", "nothing"
 *   E  an entry: kind (f d l o), size and time of change (8 bytes each, big-endian), name
 *   D  bytes of the file; of a folder: of a tar of it
 *   Z  the end; payload: 't' when the list was cut short
 *   X  failed; payload: "missing", "not-a-folder", "unreadable", "too-long"
 *   H  a sign of life, while something takes long
 *
 * Limits: MAX_ENTRIES a list, MAX_PATH a path, CHUNK a message.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ENTRIES 5000
#define MAX_PATH 4096
#define MAX_LINE (3 * MAX_PATH + 16)
#define CHUNK 65536
#define TOP "/top"

struct out {
    int fd;
};

static void write_all(int fd, const void *data, size_t size)
{
    const char *from = data;

    while (size) {
        ssize_t n = write(fd, from, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            exit(1);
        from += n;
        size -= (size_t)n;
    }
}

static void put_be(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        to[i] = (unsigned char)value;
}

/* Sends a message of at most CHUNK bytes of payload. */
static void send_message(const struct out *out, char type, const void *payload, size_t size)
{
    unsigned char head[5];

    put_be(head, size + 1, 4);
    head[4] = (unsigned char)type;
    write_all(out->fd, head, sizeof(head));
    write_all(out->fd, payload, size);
}

static void send_text(const struct out *out, char type, const char *text)
{
    send_message(out, type, text, strlen(text));
}

static const char *reason(void)
{
    switch (errno) {
    case ENOENT:
    case EXDEV:
    case ELOOP: return "missing";
    case ENOTDIR: return "not-a-folder";
    case ENAMETOOLONG: return "too-long";
    default: return "unreadable";
    }
}

/* --- file systems ---------------------------------------------------------------------------------------------------- */

static bool mount_at(const char *device, const char *folder)
{
    /*
     * The last options let a file system be read that asks for more than a look. An ext4 may ask in its superblock for a
     * panic at the first error (tune2fs -e panic): here one damaged folder is no reason to show none of the others.
     */
    static const struct {
        const char *type, *options, *last_options;
    } kinds[] = {{"ext4", "errors=continue", "errors=continue,noload"},
                 {"xfs", NULL, "norecovery"},
                 {"btrfs", NULL, "rescue=nologreplay"},
                 {"vfat", NULL, "utf8"}};
    const unsigned long flags = MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_NOATIME;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        /* Journals are replayed if they let themselves be. */
        if (mount(device, folder, kinds[i].type, flags, kinds[i].options) == 0 ||
            mount(device, folder, kinds[i].type, flags, kinds[i].last_options) == 0)
            return true;
    return false;
}

static bool mount_device(const char *name)
{
    char device[300], folder[320];
    const char *digits = name + strcspn(name, "0123456789");

    snprintf(device, sizeof(device), "/dev/%s", name);
    if (*digits)
        snprintf(folder, sizeof(folder), TOP "/partition-%s", digits);
    else
        snprintf(folder, sizeof(folder), TOP "/disk");
    mkdir(folder, 0755);
    if (mount_at(device, folder))
        return true;
    rmdir(folder);
    return false;
}

/* What a device that cannot be mounted says that it is. Return: "encrypted", "damaged", "nothing". */
static const char *sign_of(const char *name)
{
    static const struct {
        off_t at;
        const char *bytes, *means;
    } signs[] = {
        {0, "LUKS\xba\xbe", "encrypted"}, {3, "-FVE-FS-", "encrypted"}, /* BitLocker */
        {1080, "\x53\xef", "damaged"}, /* ext2 to ext4 */
        {0, "XFSB", "damaged"}, {65600, "_BHRfS_M", "damaged"}, {54, "FAT1", "damaged"}, {82, "FAT32", "damaged"},
    };
    char device[300], found[16];
    const char *means = "nothing";
    int fd;

    snprintf(device, sizeof(device), "/dev/%s", name);
    fd = open(device, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < sizeof(signs) / sizeof(*signs); i++) {
        size_t size = strlen(signs[i].bytes);

        if (pread(fd, found, size, signs[i].at) == (ssize_t)size && memcmp(found, signs[i].bytes, size) == 0) {
            means = signs[i].means;
            break;
        }
    }
    if (fd >= 0)
        close(fd);
    return means;
}

/* Mounts vda and its partitions. instead: becomes what the last one is that cannot be mounted and is something. Return: how many. */
static int mount_all(const char **instead)
{
    DIR *all = opendir("/sys/class/block");
    int count = 0;

    mkdir(TOP, 0755);
    for (struct dirent *one; all && (one = readdir(all));) {
        const char *sign;

        if (strncmp(one->d_name, "vda", 3) != 0)
            continue;
        if (mount_device(one->d_name)) {
            count++;
            continue;
        }
        sign = sign_of(one->d_name);
        if (strcmp(sign, "nothing") != 0)
            *instead = sign;
    }
    if (all)
        closedir(all);
    return count;
}

/* --- paths ----------------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes in place. Return: false: malformed, or a zero byte. */
static bool decode(char *path)
{
    char *to = path;

    for (const char *from = path; *from; from++, to++) {
        *to = *from;
        if (*from != '%')
            continue;
        if (hex(from[1]) < 0 || hex(from[2]) < 0)
            return false;
        *to = (char)(hex(from[1]) << 4 | hex(from[2]));
        if (!*to)
            return false;
        from += 2;
    }
    *to = 0;
    return true;
}

/* Opens a path whose first part is a file system; links stay inside of that. Return: a descriptor or -1 with errno. */
static int open_path(const char *path, int flags)
{
    char first[64], folder[80];
    size_t n;
    int root, fd;
    struct open_how how = {.flags = (uint64_t)flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

    path += strspn(path, "/");
    if (!*path)
        return open(TOP, flags | O_CLOEXEC);
    n = strcspn(path, "/");
    if (n >= sizeof(first) || path[0] == '.') {
        errno = ENOENT;
        return -1;
    }
    memcpy(first, path, n);
    first[n] = 0;
    snprintf(folder, sizeof(folder), TOP "/%s", first);
    root = open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
    if (root < 0)
        return -1;
    path += n + strspn(path + n, "/");
    fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
    close(root);
    return fd;
}

/* --- requests -------------------------------------------------------------------------------------------------------- */

static char kind_of(mode_t mode)
{
    return S_ISREG(mode) ? 'f' : S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : 'o';
}

static void send_entry(const struct out *out, int folder, const char *name)
{
    unsigned char entry[17 + 256];
    struct stat st = {0};
    size_t size = strlen(name);

    fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW);
    entry[0] = (unsigned char)kind_of(st.st_mode);
    put_be(entry + 1, (uint64_t)st.st_size, 8);
    put_be(entry + 9, (uint64_t)st.st_mtime, 8);
    if (size > 255)
        size = 255;
    memcpy(entry + 17, name, size);
    send_message(out, 'E', entry, 17 + size);
}

static void list(const struct out *out, const char *path)
{
    int fd = open_path(path, O_RDONLY | O_DIRECTORY), count = 0;
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *one;

    if (!folder) {
        send_text(out, 'X', reason());
        return;
    }
    errno = 0;
    while (count < MAX_ENTRIES && (one = readdir(folder))) {
        if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0)
            continue;
        send_entry(out, fd, one->d_name);
        count++;
    }
    if (errno && count < MAX_ENTRIES)
        send_text(out, 'X', reason());
    else
        send_text(out, 'Z', count == MAX_ENTRIES ? "t" : "");
    closedir(folder);
}

/* Return: false: it could not be read to its end. */
static bool send_bytes(const struct out *out, int fd)
{
    static char buffer[CHUNK - 1];
    ssize_t n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0)
        send_message(out, 'D', buffer, (size_t)n);
    return n == 0;
}

/* A tar of the folder, made by busybox in a process of its own. */
static bool send_tar(const struct out *out, int folder)
{
    int ends[2], status;
    pid_t child;
    bool ok;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        if (fchdir(folder) == 0)
            execlp("tar", "tar", "-cf", "-", ".", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ok = child > 0 && send_bytes(out, ends[0]);
    close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void file(const struct out *out, const char *path)
{
    int fd = open_path(path, O_RDONLY | O_NONBLOCK);
    struct stat st;
    bool ok;

    if (fd < 0 || fstat(fd, &st) != 0) {
        send_text(out, 'X', reason());
        return;
    }
    errno = 0;
    ok = S_ISREG(st.st_mode) ? send_bytes(out, fd) : S_ISDIR(st.st_mode) ? send_tar(out, fd) : false;
    if (ok)
        send_text(out, 'Z', "");
    else
        send_text(out, 'X', S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? "unreadable" : "missing");
    close(fd);
}

static void answer(const struct out *out, char *line)
{
    char *path = strchr(line, ' ');

    line[strcspn(line, "\n")] = 0;
    if (path)
        *path++ = 0;
    if (!path || !decode(path) || strlen(path) >= MAX_PATH)
        send_text(out, 'X', "too-long");
    else if (strcmp(line, "list") == 0)
        list(out, path);
    else if (strcmp(line, "file") == 0)
        file(out, path);
    else
        send_text(out, 'X', "missing");
}

int main(int argc, char **argv)
{
    static char line[MAX_LINE];
    char ready[32];
    const char *instead = "nothing";
    int count;
    struct out out = {.fd = argc > 1 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1};
    FILE *in = out.fd < 0 ? NULL : fdopen(dup(out.fd), "r");

    if (!in)
        return 1;
    send_text(&out, 'H', "");
    count = mount_all(&instead);
    snprintf(ready, sizeof(ready), "%d %s", count, count ? "" : instead);
    send_text(&out, 'R', ready);
    while (fgets(line, sizeof(line), in) && strcmp(line, "quit\n") != 0)
        answer(&out, line);
    return 0;
}
