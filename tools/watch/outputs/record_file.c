/* SPDX-License-Identifier: Apache-2.0 */
/* Adds to files, and takes back the part of a line that a full disk had room for. */
#include "watch/outputs/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE_MODE 0666

static int note_kind(struct record_file *file)
{
    struct stat entry;
    if (fstat(file->descriptor, &entry) != 0)
        return errno;
    if (S_ISDIR(entry.st_mode))
        return EISDIR;
    file->is_file = S_ISREG(entry.st_mode);
    file->device = entry.st_dev;
    file->number = entry.st_ino;
    return 0;
}

/* Best effort: a file that can be written, but not read, is taken as it is. */
static int end_last_line(const struct record_file *file)
{
    char last = '\n';
    const int reader = open(file->path, O_RDONLY | O_CLOEXEC);
    const off_t size = reader < 0 ? 0 : lseek(reader, 0, SEEK_END);
    if (size > 0 && pread(reader, &last, 1, size - 1) != 1)
        last = '\n';
    if (reader >= 0)
        close(reader);
    return last == '\n' || write(file->descriptor, "\n", 1) == 1 ? 0 : errno;
}

int record_file_open(struct record_file *file, const char *path)
{
    *file = (struct record_file){.path = path, .descriptor = STDOUT_FILENO};
    if (!path)
        return note_kind(file);
    /* not blocking: a pipe that nobody reads would be waited for */
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    file->descriptor = open(path, flags, NEW_FILE_MODE);
    if (file->descriptor < 0)
        return errno;
    int why = note_kind(file);
    if (!why && file->is_file)
        why = end_last_line(file);
    if (why)
        record_file_close(file);
    return why;
}

void record_file_close(struct record_file *file)
{
    if (file->path && file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

bool record_file_was_moved(const struct record_file *file)
{
    struct stat entry;
    if (!file->path)
        return false;
    if (file->descriptor < 0)
        return true;
    if (!file->is_file)
        return false;
    if (stat(file->path, &entry) != 0)
        return errno == ENOENT;
    return entry.st_dev != file->device || entry.st_ino != file->number;
}

/* Only where the bytes still are the last ones: others may add to the file as well. */
static void take_back(const struct record_file *file, size_t size)
{
    struct stat entry;
    const off_t end = lseek(file->descriptor, 0, SEEK_CUR);
    if (!file->is_file || end < (off_t)size || fstat(file->descriptor, &entry) != 0 ||
        entry.st_size != end)
        return;
    if (ftruncate(file->descriptor, end - (off_t)size) == 0)
        lseek(file->descriptor, end - (off_t)size, SEEK_SET);
}

int record_file_write(const struct record_file *file, const char *bytes, size_t size,
                      int (*wait)(void *user, int descriptor), void *user)
{
    size_t done = 0;
    int why = 0;
    while (done < size && !why) {
        size_t part = size - done;
        if (!file->is_file) {
            part = part < PIPE_BUF ? part : PIPE_BUF;
            why = wait(user, file->descriptor);
        }
        const ssize_t written = why ? 0 : write(file->descriptor, bytes + done, part);
        if (written > 0)
            done += (size_t)written;
        else if (written < 0 && errno != EINTR && errno != EAGAIN)
            why = errno;
    }
    if (why && done)
        take_back(file, done);
    return why;
}
