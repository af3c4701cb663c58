/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor and the system say. Alone in its file: tests put other processors in its
 * place. */
#include "runtime/backend/cpu/features/features.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#if defined(__x86_64__)

struct cpuid_leaf {
    unsigned eax, ebx, ecx, edx;
};

/* Bits of leaves (Intel's manual, volume 2A, CPUID). */
enum {
    BASIC_ECX_FMA = 12,
    BASIC_ECX_OSXSAVE = 27,
    BASIC_ECX_AVX = 28,
    BASIC_ECX_F16C = 29,
    EXTENDED_EBX_AVX2 = 5,
    EXTENDED_EBX_AVX512F = 16,
    EXTENDED_EBX_AVX512DQ = 17,
    EXTENDED_EBX_AVX512BW = 30,
    EXTENDED_EBX_AVX512VL = 31,
    EXTENDED_ECX_AVX512_VNNI = 11,
    EXTENDED_EDX_AMX_BF16 = 22,
    EXTENDED_EDX_AMX_TILE = 24,
    EXTENDED_EDX_AMX_INT8 = 25,
    MORE_EAX_AVX_VNNI = 4,
    MORE_EAX_AVX512_BF16 = 5
};

/* State that the system saves (XCR0): XMM and YMM; masks and ZMM too; tiles' configuration and
 * data. */
enum { STATE_YMM = 0x6, STATE_ZMM = 0xe6, STATE_TILES = 0x60000, TILE_DATA = 18 };

/* Linux' calls of arch_prctl() about such state (asm/prctl.h). */
enum { GET_SUPPORTED_STATE = 0x1021, REQUEST_STATE = 0x1023 };

static struct cpuid_leaf cpuid_read(unsigned leaf, unsigned subleaf)
{
    struct cpuid_leaf r = {0, 0, 0, 0};
    if (!__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx))
        memset(&r, 0, sizeof r); /* the leaf is beyond the processor's highest */
    return r;
}

static bool has(unsigned bits, int bit)
{
    return bits >> bit & 1;
}

/* The register state that the system saves, as XCR0 tells; 0 without XSAVE. */
static uint64_t saved_state(const struct cpuid_leaf *basic)
{
    if (!has(basic->ecx, BASIC_ECX_OSXSAVE))
        return 0;
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* Whether Linux offers AMX' tile data to processes; asking does not take the permission. */
static bool system_offers_tiles(void)
{
    unsigned long components = 0;
    return syscall(SYS_arch_prctl, (unsigned long)GET_SUPPORTED_STATE, &components) == 0 &&
           (components >> TILE_DATA & 1);
}

unsigned oct_cpu_enable(unsigned sets)
{
    if ((sets & OCT_CPU_AMX) &&
        syscall(SYS_arch_prctl, (unsigned long)REQUEST_STATE, (unsigned long)TILE_DATA) != 0)
        sets &= ~(unsigned)OCT_CPU_AMX;
    return sets;
}

unsigned oct_cpu_sets(void)
{
    const struct cpuid_leaf basic = cpuid_read(1, 0), extended = cpuid_read(7, 0),
                            more = cpuid_read(7, 1);
    const uint64_t state = saved_state(&basic);
    const bool saves_ymm = (state & STATE_YMM) == STATE_YMM,
               saves_zmm = (state & STATE_ZMM) == STATE_ZMM,
               saves_tiles = (state & STATE_TILES) == STATE_TILES;
    unsigned sets = OCT_CPU_REF;
    if (!saves_ymm || !has(basic.ecx, BASIC_ECX_FMA) || !has(basic.ecx, BASIC_ECX_AVX) ||
        !has(basic.ecx, BASIC_ECX_F16C) || !has(extended.ebx, EXTENDED_EBX_AVX2))
        return sets;
    sets |= OCT_CPU_AVX2;
    if (has(more.eax, MORE_EAX_AVX_VNNI))
        sets |= OCT_CPU_AVXVNNI;
    if (!saves_zmm || !has(extended.ebx, EXTENDED_EBX_AVX512F) ||
        !has(extended.ebx, EXTENDED_EBX_AVX512DQ) || !has(extended.ebx, EXTENDED_EBX_AVX512BW) ||
        !has(extended.ebx, EXTENDED_EBX_AVX512VL))
        return sets;
    sets |= OCT_CPU_AVX512;
    if (!has(extended.ecx, EXTENDED_ECX_AVX512_VNNI))
        return sets;
    sets |= OCT_CPU_AVX512VNNI;
    if (has(more.eax, MORE_EAX_AVX512_BF16))
        sets |= OCT_CPU_AVX512BF16;
    if (saves_tiles && has(extended.edx, EXTENDED_EDX_AMX_BF16) &&
        has(extended.edx, EXTENDED_EDX_AMX_TILE) && has(extended.edx, EXTENDED_EDX_AMX_INT8) &&
        system_offers_tiles())
        sets |= OCT_CPU_AMX;
    return sets;
}

static void processor_name(char name[64])
{
    name[0] = '\0';
    if (cpuid_read(0x80000000u, 0).eax < 0x80000004u)
        return;
    for (unsigned i = 0; i < 3; i++) {
        const struct cpuid_leaf part = cpuid_read(0x80000002u + i, 0);
        memcpy(name + 16 * i, &part, 16);
    }
    name[48] = '\0';
}

#elif defined(__aarch64__)

unsigned oct_cpu_sets(void)
{
    return oct_arm_sets(getauxval(AT_HWCAP), getauxval(AT_HWCAP2), "");
}

/* /proc/cpuinfo has no model name on most ARM kernels; the board's name is in the device tree. */
static void processor_name(char name[64])
{
    static const char *const paths[] = {"/proc/device-tree/model",
                                        "/sys/firmware/devicetree/base/model"};
    name[0] = '\0';
    for (int i = 0; i < 2 && !name[0]; i++) {
        FILE *file = fopen(paths[i], "r");
        if (!file)
            continue;
        const size_t length = fread(name, 1, 63, file);
        name[length] = '\0';
        fclose(file);
    }
    FILE *file = name[0] ? NULL : fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "model name : %63[^\n]", name) == 1)
            break;
    }
    if (file)
        fclose(file);
}

#else

unsigned oct_cpu_sets(void)
{
    return OCT_CPU_REF;
}

static void processor_name(char name[64])
{
    name[0] = '\0';
}

#endif

#if !defined(__x86_64__)
unsigned oct_cpu_enable(unsigned sets)
{
    return sets;
}
#endif

void oct_cpu_name(char *name, int size)
{
    if (size <= 0)
        return;
    char full[64];
    processor_name(full);
    char *begin = full;
    while (*begin == ' ')
        begin++;
    size_t length = strlen(begin);
    while (length > 0 && (begin[length - 1] == ' ' || begin[length - 1] == '\n'))
        length--;
    begin[length] = '\0';
    snprintf(name, (size_t)size, "%s", length ? begin : "unknown processor");
}
