/* A disk whose power can be cut, for one process: loaded before libc by LD_PRELOAD.
 *
 * What is written below DISK_LIVE is there for whoever reads it, as in a page cache. It reaches the copy of that folder in
 * DISK_DURABLE when its file is synced, and not before. After a kill -9 the copy is what a machine would find after a power
 * cut. Names follow ext4: removing and renaming take effect with the next sync of anything. Memory shared between processes
 * (-shm) is never durable.
 *
 * DISK_FORGETS: files whose name ends so are never synced, though it is said that they are.
 * DISK_FAULT: while this file is there, it holds a letter and a number. `w 28`: writing fails with ENOSPC; `s 5`: syncing
 * fails with EIO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, #name)

struct range { off_t at; size_t length; };
static struct file { char name[256]; struct range *dirty; size_t count, room; } files[64];
static struct name { char from[256], to[256]; } names[64];
static size_t name_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int ends(const char *text, const char *with) {
    size_t length = strlen(text), tail = strlen(with);
    return length >= tail && !strcmp(text + length - tail, with);
}

/* The name below the live folder; none for what is elsewhere. */
static const char *below(const char *path) {
    const char *live = getenv("DISK_LIVE");
    size_t length = live ? strlen(live) : 0;
    int is_below = live && !strncmp(path, live, length) && (path[length] == '/' || !path[length]);
    return is_below && !ends(path, "-shm") && !strstr(path, " (deleted)") ? path + length : NULL;
}

static const char *name_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, 255);
    if (length < 0) return NULL;
    path[length] = 0;
    return below(path);
}

static struct file *file_of(const char *name) {
    for (struct file *file = files; file < files + 64; file++) {
        if (!file->name[0]) strcpy(file->name, name);
        if (!strcmp(file->name, name)) return file;
    }
    abort();
}

static void durable(const char *name, char *path) { snprintf(path, 512, "%s%s", getenv("DISK_DURABLE"), name); }

static int fault(char what) {
    const char *path = getenv("DISK_FAULT");
    FILE *file = path ? fopen(path, "r") : NULL;
    char said = 0;
    int number = 0;
    if (file) {
        if (fscanf(file, "%c %d", &said, &number) != 2) said = 0;
        fclose(file);
    }
    return said == what ? number : 0;
}

static void wrote(int fd, off_t at, size_t length) {
    char path[256];
    const char *name = name_of(fd, path);
    if (!name) return;
    pthread_mutex_lock(&lock);
    struct file *file = file_of(name);
    if (file->count == file->room) {
        file->room = file->room ? 2 * file->room : 64;
        file->dirty = realloc(file->dirty, file->room * sizeof *file->dirty);
    }
    file->dirty[file->count++] = (struct range){at, length};
    pthread_mutex_unlock(&lock);
}

static int refuses(int fd, char what) {
    char path[256];
    int number = name_of(fd, path) ? fault(what) : 0;
    if (number) errno = number;
    return number;
}

ssize_t write(int fd, const void *from, size_t length) {
    REAL(ssize_t, write, int, const void *, size_t);
    if (refuses(fd, 'w')) return -1;
    ssize_t done = real(fd, from, length);
    if (done > 0) wrote(fd, lseek(fd, 0, SEEK_CUR) - done, done);
    return done;
}

ssize_t pwrite64(int fd, const void *from, size_t length, off64_t at) {
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    if (refuses(fd, 'w')) return -1;
    ssize_t done = real(fd, from, length, at);
    if (done > 0) wrote(fd, at, done);
    return done;
}

ssize_t pwrite(int fd, const void *from, size_t length, off_t at) { return pwrite64(fd, from, length, at); }

static int sync_file(int fd) {
    char path[256], copy[512], other[512];
    const char *name = name_of(fd, path);
    if (!name) return 0;
    if (refuses(fd, 's')) return -1;
    const char *forgets = getenv("DISK_FORGETS");
    if (forgets && ends(name, forgets)) return 0;
    usleep(8000); // As a disk does. Without it there is hardly a moment at which something is on its way.
    pthread_mutex_lock(&lock);
    for (size_t at = 0; at < name_count; at++) {
        durable(names[at].from, copy);
        durable(names[at].to, other);
        if (names[at].to[0]) rename(copy, other); else unlink(copy);
    }
    name_count = 0;
    struct stat is;
    struct file *file = file_of(name);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    durable(name, copy);
    int to = from < 0 || fstat(from, &is) || !S_ISREG(is.st_mode) ? -1 : open(copy, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (size_t at = 0; to >= 0 && at < file->count; at++) {
        char buffer[65536];
        off_t place = file->dirty[at].at, end = place + file->dirty[at].length;
        while (place < end) {
            off_t left = end - place, most = sizeof buffer;
            ssize_t got = pread(from, buffer, left < most ? left : most, place);
            if (got <= 0) break;
            static ssize_t (*put)(int, const void *, size_t, off64_t);
            if (!put) put = dlsym(RTLD_NEXT, "pwrite64");
            if (put(to, buffer, got, place) != got) abort();
            place += got;
        }
    }
    if (to >= 0) {
        file->count = 0;
        if (ftruncate(to, is.st_size)) abort();
        close(to);
    }
    if (from >= 0) close(from);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return sync_file(fd); }
int fdatasync(int fd) { return sync_file(fd); }

/* Whole, as the links of /proc are. */
static const char *whole(const char *path, char *room) {
    if (path[0] == '/' || !getcwd(room, 256)) return path;
    strncat(room, "/", 255 - strlen(room));
    return strncat(room, path, 255 - strlen(room));
}

static void named(const char *from, const char *to) {
    char room[256], space[256];
    const char *name = below(whole(from, room)), *other = to ? below(whole(to, space)) : "";
    if (!name || !other) return;
    pthread_mutex_lock(&lock);
    if (name_count == 64) abort();
    snprintf(names[name_count].from, 256, "%s", name);
    snprintf(names[name_count++].to, 256, "%s", other);
    file_of(name)->count = 0;
    pthread_mutex_unlock(&lock);
}

int unlink(const char *path) {
    REAL(int, unlink, const char *);
    int done = real(path);
    if (!done) named(path, NULL);
    return done;
}

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    int done = real(from, to);
    if (!done) named(from, to);
    return done;
}
