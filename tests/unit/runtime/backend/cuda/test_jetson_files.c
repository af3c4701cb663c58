/* SPDX-License-Identifier: Apache-2.0 */
/* Power modes and the GPU's clock, as trees of files in a folder tell them, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "folder.h"
#include "random.h"
#include "runtime/backend/cuda/jetson_files.h"

#define STATUS "var/lib/nvpmodel/status"
#define MODES "etc/nvpmodel.conf"
#define CLOCK "sys/class/devfreq/17000000.gpu/max_freq"

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

static void expect(int mode, const char *name, int limit_khz)
{
    octet_gpu_state state;
    memset(&state, 0xa5, sizeof state);
    state.power_mode_name[sizeof state.power_mode_name - 1] = '\0';
    oct_jetson_read(root, &state);
    if (state.power_mode != mode || strcmp(state.power_mode_name, name) != 0 ||
        state.clock_limit_khz != limit_khz)
        fail_msg("mode %d \"%s\", %d kHz; not %d \"%s\", %d kHz", state.power_mode,
                 state.power_mode_name, state.clock_limit_khz, mode, name, limit_khz);
}

static const char modes[] = "# a comment < POWER_MODEL ID=2 NAME=NOT_THIS >\n"
                            "< PARAM TYPE=FILE NAME=CPU_ONLINE >\n"
                            "  < POWER_MODEL ID=0 NAME=15W >\nGPU MAX_FREQ 612000000\n"
                            "< POWER_MODEL ID=1 NAME=25W >\n"
                            "< POWER_MODEL ID=2 NAME=MAXN_SUPER >\nGPU MAX_FREQ -1\n"
                            "< PM_CONFIG DEFAULT=1 >\n";

static void orin_nano(void **state)
{
    (void)state;
    put(STATUS, "pmode:0002\n");
    put(MODES, modes);
    put(CLOCK, "1020000000\n");
    expect(2, "MAXN_SUPER", 1020000);
    put(STATUS, "pmode:0000 fmode:quiet\n");
    put(CLOCK, "612000000");
    expect(0, "15W", 612000);
    put(STATUS, "pmode:0007\n"); /* one that the list does not have */
    expect(7, "", 612000);
}

static void by_default(void **state)
{
    (void)state;
    expect(-1, "", 0);
    put(MODES, modes);
    expect(1, "25W", 0);
    put(MODES, "< POWER_MODEL ID=0 NAME=MAXN >\n");
    expect(-1, "", 0);
    put(STATUS, "pmode:0\n");
    expect(0, "MAXN", 0);
}

/* The GPU's device on several chips; others have clocks too. */
static void devices(void **state)
{
    (void)state;
    put("sys/class/devfreq/15340000.vic/max_freq", "1\n");
    put("sys/class/devfreq/17000000.ga10b/max_freq", "930750000\n");
    expect(-1, "", 930750);
    put("sys/class/devfreq/17000000.ga10b/max_freq", "0\n");
    expect(-1, "", 0);
    put("sys/class/devfreq/gpu-gpc-1/max_freq", "1000000000\n");
    put("sys/class/devfreq/gpu-gpc-0/max_freq", "1575000000\n");
    put("sys/class/devfreq/17000000.ga10b/max_freq", "rubbish\n");
    expect(-1, "", 0); /* the first by name counts */
}

static void odd_files(void **state)
{
    (void)state;
    static const char *const odd[] = {"",
                                      "\n",
                                      "pmode",
                                      "pmode:",
                                      "pmode:x",
                                      "pmode:-1",
                                      "pmode:1000000",
                                      " pmode:1",
                                      "pmode: 1",
                                      "mode:1",
                                      "pmode:99999999999999999999"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        put(STATUS, odd[i]);
        expect(-1, "", 0);
    }
    static const char *const lists[] = {
        "",
        "< POWER_MODEL >",
        "< POWER_MODEL ID= NAME= >",
        "< POWER_MODEL ID=1 >",
        "< POWER_MODEL ID=1 NAME= >",
        "< POWER_MODEL ID=1 NAME=\033[31m >",
        "< POWER_MODEL ID=99999999999999999999 NAME=A >",
        "POWER_MODEL ID=1 NAME=A",
        "< PM_CONFIG DEFAULT= >",
    };
    put(STATUS, "pmode:0001");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        put(MODES, lists[i]);
        expect(1, "", 0);
    }
    static const char *const clocks[] = {
        "", "-1", "x", "12", "1e9", "99999999999999999999", "100000000001"};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        put(CLOCK, clocks[i]);
        expect(1, "", 0);
    }
}

/* Names that are too long are cut; lines that are, are several. */
static void large(void **state)
{
    (void)state;
    const size_t size = (size_t)4 << 20;
    char *text = malloc(size), name[64];
    assert_non_null(text);
    put(STATUS, "pmode:0001");
    memset(text, 'A', size);
    memcpy(text, "< POWER_MODEL ID=1 NAME=", 24);
    test_tree_put(root, MODES, text, size);
    memset(name, 'A', sizeof name);
    name[sizeof name - 1] = '\0';
    expect(1, name, 0);
    memset(text, '\n', size); /* what is far behind is not looked at */
    memcpy(text + size - 40, "< POWER_MODEL ID=1 NAME=LAST >", 30);
    test_tree_put(root, MODES, text, size);
    expect(1, "", 0);
    memset(text, '0', size);
    memcpy(text, "pmode:1", 7);
    test_tree_put(root, STATUS, text, size);
    test_tree_put(root, CLOCK, text + 7, size - 7);
    expect(-1, "", 0);
    free(text);
}

static void random_bytes(void **state)
{
    (void)state;
    static const char pieces[] = "< POWER_MODEL ID=1 NAME=A>\npmode:1DEFAULT=PM_CONFIG";
    struct test_random random = test_random_of(7);
    for (int round = 0; round < 300; round++) {
        unsigned char bytes[600];
        octet_gpu_state told = {0};
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = round % 2 ? (unsigned char)test_bits(&random)
                                 : (unsigned char)pieces[test_bits(&random) % sizeof pieces];
        test_tree_put(root, STATUS, bytes, test_bits(&random) % sizeof bytes);
        test_tree_put(root, MODES, bytes, test_bits(&random) % sizeof bytes);
        test_tree_put(root, CLOCK, bytes, test_bits(&random) % sizeof bytes);
        oct_jetson_read(root, &told);
        assert_in_range(told.power_mode + 1, 0, 10000);
        assert_non_null(memchr(told.power_mode_name, 0, sizeof told.power_mode_name));
    }
}

/* Folders and pipes in a file's place; nobody waits for a writer. */
static void not_files(void **state)
{
    (void)state;
    char path[2 * TEST_FOLDER_BYTES];
    put(STATUS "/x", "pmode:0001");
    put(CLOCK "/x", "1020000000");
    put("etc/x", "");
    snprintf(path, sizeof path, "%s/" MODES, root);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect(-1, "", 0);
}

#define WITH_TREE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TREE(orin_nano), WITH_TREE(by_default),   WITH_TREE(devices),   WITH_TREE(odd_files),
        WITH_TREE(large),     WITH_TREE(random_bytes), WITH_TREE(not_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
