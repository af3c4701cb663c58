/* SPDX-License-Identifier: Apache-2.0 */
/* Cores and CPU quotas, as trees of files in a folder tell them. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cores.h"
#include "folder.h"

static char root[TEST_FOLDER_BYTES];

static int set_up(void **state)
{
    (void)state;
    test_folder_create(root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_tree_remove(root);
    return 0;
}

static void put(const char *name, const char *text)
{
    test_tree_put(root, name, text, strlen(text));
}

static void put_siblings(const char *file, int processor, const char *list)
{
    char name[128];
    snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/topology/%s", processor, file);
    put(name, list);
}

static int count_among(const char *processors,
                       int (*count)(const char *, const cpu_set_t *, size_t))
{
    cpu_set_t allowed[8];
    memset(allowed, 0, sizeof allowed);
    for (size_t i = 0; processors[i]; i++)
        if (processors[i] == '1')
            CPU_SET_S(i, sizeof allowed, allowed);
    return count(root, allowed, sizeof allowed);
}

/* Cores among the processors of a word: "1101" allows 0, 1 and 3. */
static int cores_among(const char *processors)
{
    return count_among(processors, oct_cores_among);
}

static int big_among(const char *processors)
{
    return count_among(processors, oct_cores_big_among);
}

static void threads_of_cores(void **state)
{
    (void)state;
    static const char *const lists[] = {"0,4\n", "1,5\n", "2,6\n", "3,7\n",
                                        "0,4\n", "1,5\n", "2,6\n", "3,7\n"};
    for (int i = 0; i < 8; i++)
        put_siblings(i % 2 ? "core_cpus_list" : "thread_siblings_list", i, lists[i]);
    assert_int_equal(cores_among("11111111"), 4);
    assert_int_equal(cores_among("11110000"), 4);
    assert_int_equal(cores_among("00001111"), 4); /* the other half of each */
    assert_int_equal(cores_among("10001000"), 1);
    assert_int_equal(cores_among("10000100"), 2);
    assert_int_equal(cores_among("00000001"), 1);
    assert_int_equal(cores_among("00000000"), 1); /* at least */
}

/* Four and two and two cores: numbers of cores begin anew in each cluster, siblings do not. */
static void clusters_of_cores(void **state)
{
    (void)state;
    static const int core[] = {0, 1, 2, 3, 0, 1, 0, 1};
    for (int i = 0; i < 8; i++) {
        char list[16], number[16];
        snprintf(list, sizeof list, "%d\n", i);
        snprintf(number, sizeof number, "%d\n", core[i]);
        put_siblings("core_cpus_list", i, list);
        put_siblings("core_id", i, number);
        put_siblings("physical_package_id", i, "0\n");
    }
    assert_int_equal(cores_among("11111111"), 8);
    assert_int_equal(cores_among("00001111"), 4);
}

static void unknown_cores(void **state)
{
    (void)state;
    assert_int_equal(cores_among("1111"), 4); /* no files */
    put_siblings("core_cpus_list", 1, "");
    put_siblings("core_cpus_list", 2, "rubbish");
    put_siblings("core_cpus_list", 3, "0\n"); /* without itself */
    assert_int_equal(cores_among("1111"), 4);
    put_siblings("core_cpus_list", 3, "0-99999999999999999999");
    put_siblings("core_cpus_list", 2, "-5-2,x");
    assert_int_equal(cores_among("1111"), 3);
}

static void put_figures(const char *file, const int *figures, int count)
{
    for (int i = 0; i < count; i++) {
        char name[128], text[16];
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/%s", i, file);
        snprintf(text, sizeof text, "%d\n", figures[i]);
        put(name, text);
    }
}

/* A Rockchip RK3588: four Cortex-A55, four Cortex-A76 in two clusters. */
static void big_by_capacity(void **state)
{
    (void)state;
    static const int capacities[] = {414, 414, 414, 414, 1024, 1024, 1024, 1024},
                     clocks[] = {1, 1, 1, 1, 1, 1, 1, 100};
    put_figures("cpu_capacity", capacities, 8);
    put_figures("cpufreq/cpuinfo_max_freq", clocks, 8); /* not looked at */
    assert_int_equal(big_among("11111111"), 4);
    assert_int_equal(big_among("11110011"), 2);
    assert_int_equal(big_among("11110000"), 4); /* small ones alone */
    assert_int_equal(big_among("10000000"), 1);
    assert_int_equal(big_among("00000000"), 1);
    put_siblings("core_cpus_list", 4, "4-5\n");
    put_siblings("core_cpus_list", 5, "4-5\n");
    assert_int_equal(big_among("11111111"), 3);
    put("sys/devices/system/cpu/cpu0/cpu_capacity", "512\n"); /* just half */
    assert_int_equal(big_among("11111111"), 4);
    put("sys/devices/system/cpu/cpu0/cpu_capacity", "511\n");
    assert_int_equal(big_among("11111111"), 3);
}

/* An RK3399 whose system tells no capacities: four Cortex-A53, two Cortex-A72. */
static void big_by_clock(void **state)
{
    (void)state;
    static const int clocks[] = {1416000, 1416000, 1416000, 1416000, 1800000, 1800000};
    put_figures("cpufreq/cpuinfo_max_freq", clocks, 6);
    put("sys/devices/system/cpu/cpu5/cpu_capacity", "1024\n"); /* of one alone */
    assert_int_equal(big_among("111111"), 2);
    assert_int_equal(big_among("111101"), 1);
    assert_int_equal(big_among("111100"), 4);
}

static void big_unknown(void **state)
{
    (void)state;
    static const int equal[] = {1024, 1024, 1024, 1024},
                     near[] = {5200000, 5200000, 5000000, 4800000};
    assert_int_equal(big_among("1111"), 4); /* no files */
    put_figures("cpufreq/cpuinfo_max_freq", near, 4);
    assert_int_equal(big_among("1111"), 4);
    put("sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq", "");
    assert_int_equal(big_among("1111"), 4);
    put("sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq", "-100000000\n");
    assert_int_equal(big_among("1111"), 4);
    put("sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq", "rubbish\n");
    assert_int_equal(big_among("1111"), 4);
    put_figures("cpu_capacity", equal, 4);
    assert_int_equal(big_among("1111"), 4);
    put_siblings("core_cpus_list", 3, "2-3\n");
    assert_int_equal(big_among("1111"), 3);
}

static void many_processors(void **state)
{
    (void)state;
    char processors[4097];
    memset(processors, '1', 4096);
    processors[4096] = '\0';
    put_siblings("core_cpus_list", 4095, "4094-4095\n");
    assert_int_equal(cores_among(processors), 4095);
}

#define VERSION_1                                                                                  \
    "31 25 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"                                   \
    "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"                          \
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpuacct,cpu\n"
#define VERSION_2 "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

static void expect_quota(double wanted)
{
    const double quota = oct_cores_quota(root);
    if (quota != wanted)
        fail_msg("a quota of %g, not %g", quota, wanted);
}

static void quota_of_version_2(void **state)
{
    (void)state;
    expect_quota(0.0); /* no files */
    put("proc/self/cgroup", "0::/app.slice/octet.service\n");
    expect_quota(0.0);
    put("proc/self/mountinfo", "23 1 8:1 / / rw - ext4 /dev/sda1 rw\n" VERSION_2);
    expect_quota(0.0);
    put("sys/fs/cgroup/app.slice/octet.service/cpu.max", "max 100000\n");
    expect_quota(0.0);
    put("sys/fs/cgroup/app.slice/octet.service/cpu.max", "150000 100000\n");
    expect_quota(1.5);
    put("sys/fs/cgroup/app.slice/cpu.max", "400000 100000\n"); /* more than the group's own */
    expect_quota(1.5);
    put("sys/fs/cgroup/app.slice/cpu.max", "25000 50000\n"); /* less */
    expect_quota(0.5);
    put("sys/fs/cgroup/app.slice/octet.service/cpu.max", "max 100000\n");
    expect_quota(0.5);
    put("sys/fs/cgroup/cpu.max", "1000 10000\n");
    expect_quota(0.1);
    put("sys/fs/cgroup/cpu.max", "rubbish\n");
    put("sys/fs/cgroup/app.slice/cpu.max", "50000 0\n");
    expect_quota(0.0);
}

static void quota_of_version_1(void **state)
{
    (void)state;
    put("proc/self/cgroup",
        "9:name=systemd:/x\n4:memory:/x\n2:cpuacct:/x\n1:cpuacct,cpu:/a/b\n0::/x\n");
    put("proc/self/mountinfo", VERSION_1);
    put("sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "50000\n");
    expect_quota(0.0); /* of what period? */
    put("sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n");
    expect_quota(0.5);
    put("sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n");
    expect_quota(0.0);
    put("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "300000\n");
    put("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
    expect_quota(3.0);
    put("sys/fs/cgroup/cpuacct/a/b/cpu.cfs_quota_us", "100\n"); /* another hierarchy */
    put("sys/fs/cgroup/cpuacct/a/b/cpu.cfs_period_us", "100000\n");
    expect_quota(3.0);
}

/* A container sees its own group as the mounted one, under whatever name. */
static void quota_in_container(void **state)
{
    (void)state;
    static const char *const groups[] = {"0::/docker/abc\n", "0::/docker/abc/\n", "0::/\n",
                                         "0::/../..\n", "0::/docker/abcd\n"};
    put("proc/self/mountinfo",
        "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw,nsdelegate\n");
    put("sys/fs/cgroup/cpu.max", "200000 100000\n");
    put("cpu.max", "1000 100000\n"); /* not within the mounted groups */
    put("sys/fs/cgroup/d/cpu.max", "1000 100000\n");
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        put("proc/self/cgroup", groups[i]);
        expect_quota(2.0);
    }
    put("proc/self/cgroup", "0::/docker/abc/d\n");
    expect_quota(0.01);
}

static void damaged_files(void **state)
{
    (void)state;
    static const char behind[] = "\n" VERSION_2;
    char line[10000];
    memset(line, 'x', sizeof line);
    memcpy(line + sizeof line - sizeof behind, behind, sizeof behind);
    put("proc/self/cgroup", "\n:\n::\n1:cpu\n0::no slash\n0::/a\n");
    put("proc/self/mountinfo", line); /* a line that is too long, and a good one behind it */
    put("sys/fs/cgroup/a/cpu.max", "100000 100000 7\n");
    expect_quota(1.0);
    put("proc/self/mountinfo", " - cgroup2\n- cgroup2 cgroup2 rw\n1 2 3 - cgroup2 cgroup2 rw");
    expect_quota(0.0);
}

static void threads_of_quota(void **state)
{
    (void)state;
    static const struct {
        int cores;
        double quota;
        int threads;
    } cases[] = {{1, 0.0, 1}, {64, 0.0, 64}, {8, 0.01, 1}, {8, 0.5, 1},  {8, 1.0, 1},
                 {8, 1.5, 1}, {8, 1.99, 1},  {8, 2.0, 2},  {8, 2.5, 2},  {8, 7.9, 7},
                 {8, 8.0, 8}, {8, 100.0, 8}, {1, 0.5, 1},  {8, 1e300, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(oct_cores_threads(cases[i].cores, cases[i].quota), cases[i].threads);
}

/* Of this process, by its affinity mask: all that it has, then one processor of these alone. */
static void cores_of_process(void **state)
{
    (void)state;
    if (getenv("OCTET_TEST_CORES"))
        skip(); /* the number is the tests' own, see cpu_mask.h */
    cpu_set_t allowed[8], one[8];
    memset(allowed, 0, sizeof allowed);
    memset(one, 0, sizeof one);
    assert_int_equal(sched_getaffinity(0, sizeof allowed, allowed), 0);
    const int cores = oct_cores_among("", allowed, sizeof allowed);
    assert_in_range(cores, 1, CPU_COUNT_S(sizeof allowed, allowed));
    assert_int_equal(oct_cores_usable(), cores);
    const int big = oct_cores_big();
    assert_in_range(big, 1, cores);
    assert_int_equal(oct_cores_default_threads(), oct_cores_threads(big, oct_cores_quota("")));
    size_t last = 8 * sizeof allowed - 1;
    while (!CPU_ISSET_S(last, sizeof allowed, allowed))
        last--;
    CPU_SET_S(last, sizeof one, one);
    if (sched_setaffinity(0, sizeof one, one) != 0) {
        print_message("    the system does not let a process choose its processors\n");
        skip();
    }
    const int usable = oct_cores_usable(), threads = oct_cores_default_threads();
    assert_int_equal(sched_setaffinity(0, sizeof allowed, allowed), 0);
    assert_int_equal(usable, 1);
    assert_int_equal(threads, 1);
    assert_int_equal(oct_cores_usable(), cores);
}

#define WITH_TREE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TREE(threads_of_cores),
        WITH_TREE(clusters_of_cores),
        WITH_TREE(unknown_cores),
        WITH_TREE(many_processors),
        WITH_TREE(big_by_capacity),
        WITH_TREE(big_by_clock),
        WITH_TREE(big_unknown),
        WITH_TREE(quota_of_version_2),
        WITH_TREE(quota_of_version_1),
        WITH_TREE(quota_in_container),
        WITH_TREE(damaged_files),
        cmocka_unit_test(threads_of_quota),
        cmocka_unit_test(cores_of_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
