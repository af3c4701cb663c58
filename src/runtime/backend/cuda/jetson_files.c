/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads /var/lib/nvpmodel/status ("pmode:0002", "pmode:0002 fmode:quiet"), /etc/nvpmodel.conf
 * ("< POWER_MODEL ID=2 NAME=MAXN >", "< PM_CONFIG DEFAULT=2 >") and the GPU's clock of
 * /sys/class/devfreq, as JetPack 4 to 7 have them.
 */
#include "runtime/backend/cuda/jetson_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 256
#define LINES_MOST 10000
#define NAMES_MOST 4096
#define MODE_MOST 9999
#define CLOCK_LEAST_HZ 1000000LL /* 1 MHz */
#define CLOCK_MOST_HZ 100000000000LL

/* A plain file below the root, or NULL. */
static FILE *open_file(const char *root, const char *name)
{
    char path[PATH_MAX];
    struct stat entry;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", root, name) >= sizeof path)
        return NULL;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return NULL;
    FILE *file =
        fstat(descriptor, &entry) == 0 && S_ISREG(entry.st_mode) ? fdopen(descriptor, "r") : NULL;
    if (!file)
        close(descriptor);
    return file;
}

/* A whole number after `mark`, 0 to `most`; -1: there is none. */
static long long number_after(const char *text, const char *mark, long long most)
{
    const char *at = strstr(text, mark);
    if (!at || at[strlen(mark)] < '0' || at[strlen(mark)] > '9')
        return -1;
    const long long number = strtoll(at + strlen(mark), NULL, 10);
    return number <= most ? number : -1;
}

/* The first line's number after `mark`. */
static long long number_in_file(const char *root, const char *name, const char *mark,
                                long long most)
{
    char line[LINE_BYTES] = "";
    FILE *file = open_file(root, name);
    if (!file)
        return -1;
    const bool is = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    return is && strncmp(line, mark, strlen(mark)) == 0 ? number_after(line, mark, most) : -1;
}

/* "NAME=MAXN >" in a line: of the characters that such names have. */
static void copy_name(const char *line, char *name, size_t size)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_.+-";
    const char *at = strstr(line, "NAME=");
    const size_t length = at ? strspn(at + 5, allowed) : 0;
    if (length)
        snprintf(name, size, "%.*s", (int)(length < size ? length : size - 1), at + 5);
}

/* The name of mode `wanted`, and which mode is the default. */
static void read_modes(const char *root, long long wanted, char *name, size_t size,
                       long long *default_mode)
{
    char line[LINE_BYTES];
    FILE *file = open_file(root, "etc/nvpmodel.conf");
    *default_mode = -1;
    for (int i = 0; file && i < LINES_MOST && fgets(line, sizeof line, file); i++) {
        const char *text = line + strspn(line, " \t");
        if (text[0] != '<')
            continue;
        if (strstr(text, "PM_CONFIG") && *default_mode < 0)
            *default_mode = number_after(text, "DEFAULT=", MODE_MOST);
        if (strstr(text, "POWER_MODEL") && wanted >= 0 && !name[0] &&
            number_after(text, " ID=", MODE_MOST) == wanted)
            copy_name(text, name, size);
    }
    if (file)
        fclose(file);
}

static void read_power_mode(const char *root, octet_gpu_state *state)
{
    char *name = state->power_mode_name;
    long long by_default;
    long long mode = number_in_file(root, "var/lib/nvpmodel/status", "pmode:", MODE_MOST);
    read_modes(root, mode, name, sizeof state->power_mode_name, &by_default);
    if (mode < 0 && by_default >= 0) { /* never set: the configured default is in force */
        mode = by_default;
        read_modes(root, mode, name, sizeof state->power_mode_name, &by_default);
    }
    state->power_mode = (int)mode;
}

/* The GPU's among the devices whose clocks change: it is called differently on every chip. Names
 * that begin alike (gpu-gpc-0, gpu-gpc-1) have the same clock. */
static bool find_gpu(const char *root, char *found, size_t size)
{
    static const char *const marks[] = {"gpu-gpc", ".gpu", ".ga10b", ".gv11b", ".gp10b", ".gm20b"};
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/sys/class/devfreq", root) >= sizeof path)
        return false;
    DIR *folder = opendir(path);
    found[0] = '\0';
    for (int i = 0; folder && i < NAMES_MOST; i++) {
        const struct dirent *entry = readdir(folder);
        if (!entry)
            break;
        for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
            if (strstr(entry->d_name, marks[m]) && (!found[0] || strcmp(entry->d_name, found) < 0))
                snprintf(found, size, "%s", entry->d_name);
    }
    if (folder)
        closedir(folder);
    return found[0] != '\0';
}

void oct_jetson_read(const char *root, octet_gpu_state *state)
{
    char gpu[NAME_MAX + 1], name[NAME_MAX + 64];
    state->power_mode_name[0] = '\0';
    read_power_mode(root, state);
    state->clock_limit_khz = 0;
    if (!find_gpu(root, gpu, sizeof gpu))
        return;
    snprintf(name, sizeof name, "sys/class/devfreq/%s/max_freq", gpu);
    const long long hertz = number_in_file(root, name, "", CLOCK_MOST_HZ);
    if (hertz >= CLOCK_LEAST_HZ)
        state->clock_limit_khz = (int)(hertz / 1000);
}
