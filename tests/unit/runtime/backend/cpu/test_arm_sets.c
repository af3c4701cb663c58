/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of 64-bit ARM: of what the system tells, and of cores that are newer than it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"
#include "runtime/backend/cpu/features/features.h"

/* What Linux tells in AT_HWCAP and AT_HWCAP2 (asm/hwcap.h). */
#define ASIMD (1ul << 1)
#define FP16 (1ul << 10)
#define DOTPROD (1ul << 20)
#define I8MM (1ul << 13)

enum {
    NEON = OCT_CPU_REF | OCT_CPU_NEON,
    HALF = NEON | OCT_CPU_FP16,
    DOT = HALF | OCT_CPU_DOTPROD,
    MATRIX = DOT | OCT_CPU_I8MM
};

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

static void put_cpuinfo(const char *text)
{
    test_tree_put(root, "proc/cpuinfo", text, strlen(text));
}

/* A processor of a cpuinfo, of Arm's. */
#define CORE(part)                                                                                 \
    "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\n"         \
    "CPU variant\t: 0x1\nCPU part\t: " part "\nCPU revision\t: 0\n\n"

static void told_by_system(void **state)
{
    (void)state;
    assert_int_equal(oct_arm_sets(0, 0, root), OCT_CPU_REF);
    assert_int_equal(oct_arm_sets(DOTPROD, I8MM, root), OCT_CPU_REF);
    assert_int_equal(oct_arm_sets(ASIMD, 0, root), NEON);
    assert_int_equal(oct_arm_sets(ASIMD | FP16, 0, root), HALF);
    assert_int_equal(oct_arm_sets(ASIMD | DOTPROD, 0, root), NEON | OCT_CPU_DOTPROD);
    assert_int_equal(oct_arm_sets(ASIMD | FP16 | DOTPROD, 0, root), DOT);
    assert_int_equal(oct_arm_sets(ASIMD | FP16 | DOTPROD, I8MM, root), MATRIX);
    assert_int_equal(oct_arm_sets(ASIMD, I8MM, root), NEON); /* i8mm stands on dotprod */
    put_cpuinfo(CORE("0xd08"));
    assert_int_equal(oct_arm_sets(ASIMD | FP16 | DOTPROD, I8MM, root), MATRIX);
}

static void newer_than_system(void **state)
{
    (void)state;
    static const struct {
        const char *cpuinfo;
        int sets;
    } cases[] = {
        {CORE("0xd0b"), DOT},                /* Cortex-A76 */
        {CORE("0xd42") CORE("0xd42"), DOT},  /* Jetson Orin */
        {CORE("0xd0c"), DOT},                /* Graviton 2 */
        {CORE("0xd40"), MATRIX},             /* Graviton 3 */
        {CORE("0xd4f"), MATRIX},             /* Grace */
        {CORE("0xd08"), NEON},               /* Raspberry Pi 4 */
        {CORE("0xd0b") CORE("0xd05"), NEON}, /* beside one that may have it or not */
        {CORE("0xd4f") CORE("0xd0b"), DOT},  /* what both have */
        {"CPU implementer : 0x4e\nCPU part : 0xd0b\n", NEON}, /* not Arm's */
        {"CPU part : 0xd0b\n", NEON},
        {"CPU implementer : 0x41\nCPU part : rubbish\n", NEON},
        {"", NEON},
    };
    assert_int_equal(oct_arm_sets(ASIMD, 0, root), NEON); /* no cpuinfo */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_cpuinfo(cases[i].cpuinfo);
        assert_int_equal(oct_arm_sets(ASIMD, 0, root), cases[i].sets);
        assert_int_equal(oct_arm_sets(0, 0, root), OCT_CPU_REF);
    }
    put_cpuinfo(CORE("0xd40"));
    assert_int_equal(oct_arm_sets(ASIMD | DOTPROD, 0, root), MATRIX);
}

#define WITH_TREE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_TREE(told_by_system), WITH_TREE(newer_than_system)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
