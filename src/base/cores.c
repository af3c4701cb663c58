/* SPDX-License-Identifier: Apache-2.0 */
/* Counts processors, their siblings and quotas from the files of proc and sys. */
#include "base/cores.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSORS_MAX 8192 /* Linux has no more */
#define LINE_BYTES 4096

/* What big cores have at least of the biggest one's. With items for several turns of each thread, a
 * core half as fast takes half as many; a slower one is waited for. Clocks tell less than
 * capacities (cores differ at the same clock): 0.75 to 0.8 is what Cortex-A53 and A55 have beside
 * A72 and A76 (Rockchip RK3399, RK3588), 0.9 and more what cores of one kind differ by. */
#define BIG_CAPACITY 0.5
#define BIG_CLOCK 0.85

/* The first line of a file whose name is put together; false where there is none. */
static bool read_line(char line[LINE_BYTES], const char *folder, const char *name)
{
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    const bool is = fgets(line, LINE_BYTES, file) != NULL;
    fclose(file);
    return is;
}

/* Whether a list of processors ("0-3,8") has `processor`, and one below it that is allowed. */
static void look_for_siblings(const char *list, int processor, const cpu_set_t *allowed,
                              size_t bytes, bool *has_it, bool *has_lower)
{
    *has_it = *has_lower = false;
    for (char *end; *list; list = *end == ',' ? end + 1 : end) {
        const long first = strtol(list, &end, 10);
        if (end == list || first < 0)
            return;
        const long last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        *has_it = *has_it || (first <= processor && processor <= last);
        for (long i = first; i <= last && i < processor; i++)
            *has_lower = *has_lower || CPU_ISSET_S((size_t)i, bytes, allowed);
    }
}

/* Whether the processor is the first of its core that is allowed. A list that does not have the
 * processor itself tells nothing of it. */
static bool is_first_of_core(const char *root, int processor, const cpu_set_t *allowed,
                             size_t bytes)
{
    char folder[PATH_MAX], line[LINE_BYTES];
    bool has_it, has_lower;
    snprintf(folder, sizeof folder, "%s/sys/devices/system/cpu/cpu%d/topology", root, processor);
    if (!read_line(line, folder, "core_cpus_list") && /* Linux 5.3 */
        !read_line(line, folder, "thread_siblings_list"))
        return true;
    look_for_siblings(line, processor, allowed, bytes, &has_it, &has_lower);
    return !has_it || !has_lower;
}

int oct_cores_among(const char *root, const cpu_set_t *allowed, size_t bytes)
{
    int cores = 0;
    for (int processor = 0; processor < (int)(8 * bytes); processor++)
        if (CPU_ISSET_S((size_t)processor, bytes, allowed) &&
            is_first_of_core(root, processor, allowed, bytes))
            cores++;
    return cores > 0 ? cores : 1;
}

/* What the system tells of how much a processor does, as a whole number; 0: nothing. */
static double read_figure(const char *root, int processor, const char *name)
{
    char folder[PATH_MAX], line[LINE_BYTES];
    snprintf(folder, sizeof folder, "%s/sys/devices/system/cpu/cpu%d", root, processor);
    return read_line(line, folder, name) ? strtod(line, NULL) : 0.0;
}

/* Cores whose figure in file `name` is at least `share` of the greatest; 0 where one has none. */
static int count_great(const char *root, const cpu_set_t *allowed, size_t bytes, const char *name,
                       double share)
{
    double greatest = 0.0;
    int cores = 0;
    for (int processor = 0; processor < (int)(8 * bytes); processor++) {
        if (!CPU_ISSET_S((size_t)processor, bytes, allowed))
            continue;
        const double figure = read_figure(root, processor, name);
        if (!(figure > 0.0))
            return 0;
        greatest = figure > greatest ? figure : greatest;
    }
    for (int processor = 0; processor < (int)(8 * bytes); processor++)
        if (CPU_ISSET_S((size_t)processor, bytes, allowed) &&
            read_figure(root, processor, name) >= share * greatest &&
            is_first_of_core(root, processor, allowed, bytes))
            cores++;
    return cores;
}

int oct_cores_big_among(const char *root, const cpu_set_t *allowed, size_t bytes)
{
    int cores = count_great(root, allowed, bytes, "cpu_capacity", BIG_CAPACITY);
    if (cores == 0)
        cores = count_great(root, allowed, bytes, "cpufreq/cpuinfo_max_freq", BIG_CLOCK);
    return cores > 0 ? cores : oct_cores_among(root, allowed, bytes);
}

static int count_of_process(int (*count)(const char *, const cpu_set_t *, size_t))
{
    cpu_set_t allowed[PROCESSORS_MAX / CPU_SETSIZE];
    memset(allowed, 0, sizeof allowed);
    if (sched_getaffinity(0, sizeof allowed, allowed) != 0)
        return 1;
    return count("", allowed, sizeof allowed);
}

int oct_cores_usable(void)
{
    return count_of_process(oct_cores_among);
}

int oct_cores_big(void)
{
#if defined(__aarch64__)
    return count_of_process(oct_cores_big_among);
#else
    return oct_cores_usable();
#endif
}

static bool has_word(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ',') && (at[length] == ',' || !at[length]))
            return true;
    return false;
}

/* What one group may use; 0: all. */
static double quota_of_group(const char *folder)
{
    char line[LINE_BYTES], period_line[LINE_BYTES];
    double quota = 0.0, period = 0.0;
    if (read_line(line, folder, "cpu.max")) { /* version 2; "max 100000" without a quota */
        if (sscanf(line, "%lf %lf", &quota, &period) != 2)
            return 0.0;
    } else if (read_line(line, folder, "cpu.cfs_quota_us") && /* version 1; -1 without a quota */
               read_line(period_line, folder, "cpu.cfs_period_us")) {
        quota = strtod(line, NULL);
        period = strtod(period_line, NULL);
    }
    return quota > 0.0 && period > 0.0 ? quota / period : 0.0;
}

/* A place where a hierarchy of groups is mounted: of all groups or, in a container, of those at
 * `top` and below. */
struct mount {
    char top[PATH_MAX], folder[PATH_MAX];
};

/* A line of mountinfo: "31 25 0:28 TOP FOLDER OPTIONS... - TYPE SOURCE SUPER_OPTIONS". */
static bool is_mount(const char *line, bool is_version_2, struct mount *mount)
{
    char type[32], options[LINE_BYTES];
    const char *rest = strstr(line, " - ");
    if (!rest || sscanf(rest, " - %31s %*s %4095s", type, options) != 2 ||
        sscanf(line, "%*s %*s %*s %4095s %4095s", mount->top, mount->folder) != 2)
        return false;
    return is_version_2 ? strcmp(type, "cgroup2") == 0
                        : strcmp(type, "cgroup") == 0 && has_word(options, "cpu");
}

/* The next line, without its end. Longer ones than the buffer are passed over: none that is looked
 * for here is. */
static bool next_line(FILE *file, char line[LINE_BYTES])
{
    for (bool at_start = true; fgets(line, LINE_BYTES, file);) {
        const size_t length = strcspn(line, "\n");
        const bool is_whole = at_start && line[length] == '\n';
        at_start = line[length] == '\n';
        line[length] = '\0';
        if (is_whole)
            return true;
    }
    return false;
}

static bool find_mount(const char *root, bool is_version_2, struct mount *mount)
{
    char path[PATH_MAX], line[LINE_BYTES];
    bool is_found = false;
    snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
    FILE *file = fopen(path, "re");
    while (file && !is_found && next_line(file, line))
        is_found = is_mount(line, is_version_2, mount);
    if (file)
        fclose(file);
    return is_found;
}

static double smaller_quota(double a, double b)
{
    return a > 0.0 && (b <= 0.0 || a < b) ? a : b;
}

/* The smallest quota of a group and those above it, as far up as they are mounted. A group outside
 * of what is mounted (a container that sees its host's names) is the mounted one. */
static double quota_of_line(const char *root, const char *group, bool is_version_2)
{
    struct mount mount;
    if (!find_mount(root, is_version_2, &mount))
        return 0.0;
    const size_t top = strcmp(mount.top, "/") == 0 ? 0 : strlen(mount.top);
    const bool is_below = strncmp(group, mount.top, top) == 0 &&
                          (!group[top] || group[top] == '/') && !strstr(group, "/..");
    char folder[2 * PATH_MAX];
    const size_t mounted = (size_t)snprintf(folder, sizeof folder, "%s%s", root, mount.folder);
    snprintf(folder + mounted, sizeof folder - mounted, "%s", is_below ? group + top : "");
    double quota = quota_of_group(folder);
    for (char *slash; (slash = strrchr(folder, '/')) && slash >= folder + mounted;) {
        *slash = '\0';
        quota = smaller_quota(quota, quota_of_group(folder));
    }
    return quota;
}

double oct_cores_quota(const char *root)
{
    char path[PATH_MAX], line[LINE_BYTES];
    double quota = 0.0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && next_line(file, line)) { /* "4:cpu,cpuacct:/group"; version 2: "0::/group" */
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(++controllers, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        if (!*controllers || has_word(controllers, "cpu"))
            quota = smaller_quota(quota, quota_of_line(root, group, !*controllers));
    }
    if (file)
        fclose(file);
    return quota;
}

int oct_cores_threads(int cores, double quota)
{
    if (quota <= 0.0 || quota >= cores)
        return cores;
    return quota < 1.0 ? 1 : (int)quota;
}

int oct_cores_default_threads(void)
{
    return oct_cores_threads(oct_cores_big(), oct_cores_quota(""));
}
