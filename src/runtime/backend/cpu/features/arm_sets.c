/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of 64-bit ARM: what the system tells, and what it cannot tell of cores that are newer
 * than it. */
#include "runtime/backend/cpu/features/features.h"

#include <stdbool.h>
#include <stdio.h>

/* Bits of AT_HWCAP and AT_HWCAP2 (Linux' asm/hwcap.h). */
enum { HWCAP_ASIMD = 1, HWCAP_ASIMDHP = 10, HWCAP_ASIMDDP = 20, HWCAP2_I8MM = 13 };

enum { WITH_DOTPROD = OCT_CPU_FP16 | OCT_CPU_DOTPROD, WITH_I8MM = WITH_DOTPROD | OCT_CPU_I8MM };

enum { ARM_LTD = 0x41, CPUINFO_LINE_BYTES = 512 };

/* Cores of Arm's that always have a set: their technical reference manuals
 * (ID_AA64PFR0_EL1.AdvSIMD, ID_AA64ISAR0_EL1.DP, ID_AA64ISAR1_EL1.I8MM). Those that may have it or
 * not stand not here. */
static const struct {
    unsigned part, sets;
} known_cores[] = {
    {0xd0b, WITH_DOTPROD}, /* Cortex-A76 */
    {0xd0c, WITH_DOTPROD}, /* Neoverse N1 */
    {0xd0d, WITH_DOTPROD}, /* Cortex-A77 */
    {0xd0e, WITH_DOTPROD}, /* Cortex-A76AE */
    {0xd41, WITH_DOTPROD}, /* Cortex-A78 */
    {0xd42, WITH_DOTPROD}, /* Cortex-A78AE */
    {0xd44, WITH_DOTPROD}, /* Cortex-X1 */
    {0xd4b, WITH_DOTPROD}, /* Cortex-A78C */
    {0xd40, WITH_I8MM},    /* Neoverse V1 */
    {0xd46, WITH_I8MM},    /* Cortex-A510 */
    {0xd47, WITH_I8MM},    /* Cortex-A710 */
    {0xd48, WITH_I8MM},    /* Cortex-X2 */
    {0xd49, WITH_I8MM},    /* Neoverse N2 */
    {0xd4d, WITH_I8MM},    /* Cortex-A715 */
    {0xd4e, WITH_I8MM},    /* Cortex-X3 */
    {0xd4f, WITH_I8MM},    /* Neoverse V2 */
    {0xd83, WITH_I8MM},    /* Neoverse V3AE */
    {0xd84, WITH_I8MM},    /* Neoverse V3 */
};

static unsigned sets_of_core(unsigned implementer, unsigned part)
{
    for (size_t i = 0; i < sizeof known_cores / sizeof known_cores[0]; i++)
        if (implementer == ARM_LTD && known_cores[i].part == part)
            return known_cores[i].sets;
    return 0;
}

/* The sets that every core of a cpuinfo is known to have. */
static unsigned sets_of_cpuinfo(const char *root)
{
    char text[4096];
    snprintf(text, sizeof text, "%s/proc/cpuinfo", root);
    FILE *file = fopen(text, "re");
    unsigned sets = WITH_I8MM, implementer = 0, part;
    bool is_any = false;
    while (file && fgets(text, CPUINFO_LINE_BYTES, file)) {
        if (sscanf(text, "CPU implementer : %x", &implementer) == 1)
            continue;
        if (sscanf(text, "CPU part : %x", &part) != 1)
            continue;
        sets &= sets_of_core(implementer, part);
        is_any = true;
    }
    if (file)
        fclose(file);
    return is_any ? sets : 0;
}

unsigned oct_arm_sets(unsigned long hwcap, unsigned long hwcap2, const char *root)
{
    if (!(hwcap >> HWCAP_ASIMD & 1))
        return OCT_CPU_REF;
    unsigned sets = OCT_CPU_REF | OCT_CPU_NEON;
    sets |= hwcap >> HWCAP_ASIMDHP & 1 ? OCT_CPU_FP16 : 0;
    sets |= hwcap >> HWCAP_ASIMDDP & 1 ? OCT_CPU_DOTPROD : 0;
    sets |= hwcap2 >> HWCAP2_I8MM & 1 ? OCT_CPU_I8MM : 0;
    if (!(sets & OCT_CPU_I8MM))
        sets |= sets_of_cpuinfo(root);
    return sets & OCT_CPU_DOTPROD ? sets : sets & ~(unsigned)OCT_CPU_I8MM;
}
