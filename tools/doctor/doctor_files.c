/* SPDX-License-Identifier: Apache-2.0 */
/* Reads files and folders below the doctor's root, and never outside of it. */
#include "doctor/doctor_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 4096
#define NAMES_MAX 4096
#define LINKS_MAX 40 /* as Linux */

int doctor_open_root(const char *path)
{
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Adds a part to a path; false, with errno, where that gets too long. */
static bool append_part(char path[PATH_MAX], const char *part)
{
    const size_t used = strlen(path), room = PATH_MAX - used;
    errno = ENAMETOOLONG;
    return (size_t)snprintf(path + used, room, "%s%s", used ? "/" : "", part) < room;
}

/* The first part of `rest` goes behind `done`, or back from it; a link there becomes part of `rest`
 * in its place, an absolute one from the root anew. False, with errno, where that cannot be. */
static bool step(int root, char done[PATH_MAX], char rest[PATH_MAX], int *links)
{
    char target[PATH_MAX], behind[PATH_MAX], *slash;
    const size_t length = strcspn(rest, "/"), used = strlen(done);
    snprintf(behind, sizeof behind, "%s", rest + length + strspn(rest + length, "/"));
    rest[length] = '\0';
    if (strcmp(rest, "..") == 0)
        done[(slash = strrchr(done, '/')) ? (size_t)(slash - done) : 0] = '\0';
    else if (length && strcmp(rest, ".") != 0 && !append_part(done, rest))
        return false;
    const ssize_t size = *done ? readlinkat(root, done, target, sizeof target - 1) : -1;
    if (size > 0) {
        target[size] = '\0';
        done[*target == '/' ? 0 : used] = '\0';
        snprintf(rest, PATH_MAX, "%s", target);
        if (!append_part(rest, behind))
            return false;
        errno = ELOOP;
        return ++*links <= LINKS_MAX;
    }
    snprintf(rest, PATH_MAX, "%s", behind);
    return true;
}

/* Links of a recorded tree stay in the tree, absolute ones too. (openat2() does that from Linux 5.6
 * on, where no container or emulator forbids it.) */
static int open_in_tree(int root, const char *path, int flags)
{
    char done[PATH_MAX] = "", rest[PATH_MAX];
    int links = 0;
    snprintf(rest, sizeof rest, "%s", path);
    while (*rest)
        if (!step(root, done, rest, &links))
            return -1;
    return openat(root, *done ? done : ".", flags | O_NOFOLLOW);
}

static int open_below(const struct doctor *doctor, const char *path, int flags)
{
    flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    return doctor->recorded ? open_in_tree(doctor->root, path, flags)
                            : openat(doctor->root, path, flags);
}

static void note_unreadable(struct doctor *doctor, const char *path, int error)
{
    if (error != ENOENT && error != ENOTDIR && error != ELOOP && doctor->unreadable)
        group_advise(doctor->unreadable, VERDICT_NOTE, "/%s cannot be read: %s", path,
                     strerror(error));
}

FILE *doctor_open(struct doctor *doctor, const char *path)
{
    struct stat status;
    const int descriptor = open_below(doctor, path, 0);
    if (descriptor < 0) {
        note_unreadable(doctor, path, errno);
        return NULL;
    }
    FILE *file =
        fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) ? fdopen(descriptor, "r") : NULL;
    if (!file)
        close(descriptor);
    return file;
}

static void trim(char *text)
{
    size_t length = strlen(text), begin = 0;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    while (begin < length && isspace((unsigned char)text[begin]))
        begin++;
    memmove(text, text + begin, length - begin);
    text[length - begin] = '\0';
}

bool doctor_text(struct doctor *doctor, const char *path, char *text, size_t size)
{
    text[0] = '\0';
    FILE *file = doctor_open(doctor, path);
    if (!file)
        return false;
    if (!fgets(text, (int)size, file))
        text[0] = '\0';
    fclose(file);
    trim(text);
    return text[0] != '\0';
}

bool doctor_number(struct doctor *doctor, const char *path, long long *number)
{
    char text[64], *end;
    if (!doctor_text(doctor, path, text, sizeof text))
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return end != text && !*end && !errno;
}

bool doctor_field(struct doctor *doctor, const char *path, const char *key, char *value,
                  size_t size)
{
    char line[LINE_BYTES];
    const size_t length = strlen(key);
    bool found = false;
    value[0] = '\0';
    FILE *file = doctor_open(doctor, path);
    while (file && !found && fgets(line, sizeof line, file)) {
        const size_t blanks = strncmp(line, key, length) ? 0 : strspn(line + length, " \t");
        found = strncmp(line, key, length) == 0 && line[length + blanks] == ':';
        if (!found)
            continue;
        snprintf(value, size, "%s", line + length + blanks + 1);
        trim(value);
    }
    if (file)
        fclose(file);
    return found;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **doctor_list(struct doctor *doctor, const char *path, size_t *count)
{
    char **names = NULL;
    *count = 0;
    const int descriptor = open_below(doctor, path, O_DIRECTORY);
    DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (descriptor < 0)
        note_unreadable(doctor, path, errno);
    else if (!folder)
        close(descriptor);
    for (struct dirent *entry; folder && *count < NAMES_MAX && (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        names = app_resize(names, *count + 1, sizeof *names);
        names[(*count)++] = app_strdup(entry->d_name);
    }
    if (folder)
        closedir(folder);
    if (*count)
        qsort(names, *count, sizeof *names, compare_names);
    return names;
}

void doctor_free_list(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

bool doctor_link(struct doctor *doctor, const char *path, char *name, size_t size)
{
    char target[LINE_BYTES];
    const ssize_t length = readlinkat(doctor->root, path, target, sizeof target - 1);
    name[0] = '\0';
    if (length <= 0)
        return false;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    snprintf(name, size, "%s", slash ? slash + 1 : target);
    return true;
}

/* A paragraph of the status file: "Package: x", "Status: install ok installed", "Version: y". */
bool doctor_package(struct doctor *doctor, const char *name, char *version, size_t size)
{
    char line[LINE_BYTES];
    bool named = false, installed = false, at_start = true, found = false;
    version[0] = '\0';
    FILE *file = doctor_open(doctor, "var/lib/dpkg/status");
    while (file && !found && fgets(line, sizeof line, file)) {
        const bool whole = at_start;
        at_start = strchr(line, '\n') != NULL;
        if (!whole)
            continue; /* the rest of a line longer than the buffer */
        trim(line);
        if (!line[0])
            named = installed = false;
        else if (strncmp(line, "Package: ", 9) == 0)
            named = strcmp(line + 9, name) == 0;
        else if (named && strncmp(line, "Status: ", 8) == 0)
            installed = strstr(line, " installed") != NULL;
        else if (named && installed && strncmp(line, "Version: ", 9) == 0) {
            snprintf(version, size, "%s", line + 9);
            found = true;
        }
    }
    if (file)
        fclose(file);
    return found;
}

bool has_word(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}
