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

static struct cpuid_leaf cpuid_read(unsigned leaf, unsigned subleaf)
{
    struct cpuid_leaf r = {0, 0, 0, 0};
    if (!__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx))
        memset(&r, 0, sizeof r); /* the leaf is beyond the processor's highest */
    return r;
}

static bool has_all(unsigned bits, unsigned wanted)
{
    return (bits & wanted) == wanted;
}

/* The register state that the system saves, as XCR0 tells; 0 without XSAVE. */
static uint64_t saved_state(const struct cpuid_leaf *basic)
{
    if (!(basic->ecx & 1u << 27))
        return 0;
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* Whether Linux offers AMX' tile data to processes; asking does not take the permission. */
static bool system_offers_tiles(void)
{
    const unsigned long supported_call = 0x1021; /* ARCH_GET_XCOMP_SUPP */
    unsigned long components = 0;
    return syscall(SYS_arch_prctl, supported_call, &components) == 0 && (components >> 18 & 1);
}

unsigned oct_cpu_enable(unsigned sets)
{
    const unsigned long request_call = 0x1023, tile_data = 18; /* ARCH_REQ_XCOMP_PERM */
    if ((sets & OCT_CPU_AMX) && syscall(SYS_arch_prctl, request_call, tile_data) != 0)
        sets &= ~(unsigned)OCT_CPU_AMX;
    return sets;
}

unsigned oct_cpu_sets(void)
{
    enum { STATE_YMM = 0x6, STATE_ZMM = 0xe6, STATE_TILES = 0x60000 };
    const struct cpuid_leaf basic = cpuid_read(1, 0), extended = cpuid_read(7, 0),
                            more = cpuid_read(7, 1);
    const uint64_t state = saved_state(&basic);
    const unsigned fma_avx_f16c = 1u << 12 | 1u << 28 | 1u << 29;
    unsigned sets = OCT_CPU_REF;
    if ((state & STATE_YMM) != STATE_YMM || !has_all(basic.ecx, fma_avx_f16c) ||
        !(extended.ebx & 1u << 5))
        return sets;
    sets |= OCT_CPU_AVX2;
    if (more.eax & 1u << 4)
        sets |= OCT_CPU_AVXVNNI;
    const unsigned f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    if ((state & STATE_ZMM) != STATE_ZMM || !has_all(extended.ebx, f_dq_bw_vl))
        return sets;
    sets |= OCT_CPU_AVX512;
    if (!(extended.ecx & 1u << 11))
        return sets;
    sets |= OCT_CPU_AVX512VNNI;
    if (more.eax & 1u << 5)
        sets |= OCT_CPU_AVX512BF16;
    const unsigned bf16_tile_int8 = 1u << 22 | 1u << 24 | 1u << 25;
    if ((state & STATE_TILES) == STATE_TILES && has_all(extended.edx, bf16_tile_int8) &&
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
    const unsigned long asimd = 1ul << 1, dotprod = 1ul << 20, i8mm = 1ul << 13;
    const unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
    unsigned sets = OCT_CPU_REF;
    if (!(hwcap & asimd))
        return sets;
    sets |= OCT_CPU_NEON;
    if (!(hwcap & dotprod))
        return sets;
    sets |= OCT_CPU_DOTPROD;
    if (hwcap2 & i8mm)
        sets |= OCT_CPU_I8MM;
    return sets;
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
