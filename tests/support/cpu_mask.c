/* SPDX-License-Identifier: Apache-2.0 */
/* What the linker puts in the place of the library's questions about the processor. */
#include "cpu_mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/backend/cpu/kernels/kernels.h"

/* The library's own (--wrap), and what stands in their place. */
unsigned __real_oct_cpu_sets(void);
unsigned __wrap_oct_cpu_sets(void);
unsigned __real_oct_cpu_enable(unsigned sets);
unsigned __wrap_oct_cpu_enable(unsigned sets);
int __real_oct_cores_usable(void);
int __wrap_oct_cores_usable(void);
int __real_oct_cores_big(void);
int __wrap_oct_cores_big(void);
int __real_oct_cores_default_threads(void);
int __wrap_oct_cores_default_threads(void);

static const char *setting(const char *name)
{
    const char *set = getenv(name);
    return set && *set ? set : NULL;
}

static unsigned set_of_name(const char *name, size_t length)
{
    const char *is;
    for (unsigned set = OCT_CPU_REF; (is = oct_cpu_set_name(set)); set <<= 1)
        if (strlen(is) == length && memcmp(is, name, length) == 0)
            return set;
    fprintf(stderr, "OCTET_TEST_CPU: no kernel set \"%.*s\"\n", (int)length, name);
    exit(2);
}

static unsigned offered(void)
{
    const unsigned real = __real_oct_cpu_sets();
#if defined(__x86_64__)
    return real & OCT_CPU_AVX512VNNI ? real | OCT_CPU_AMX : real;
#else
    return real;
#endif
}

unsigned __wrap_oct_cpu_sets(void)
{
    const char *list = setting("OCTET_TEST_CPU");
    if (!list)
        return __real_oct_cpu_sets();
    unsigned sets = OCT_CPU_REF;
    for (; *list; list += strspn(list, ",")) {
        const size_t length = strcspn(list, ",");
        const unsigned set = set_of_name(list, length);
        if (!(offered() & set)) {
            printf("skipped: this machine has no %s\n", oct_cpu_set_name(set));
            exit(77);
        }
        sets |= set;
        list += length;
    }
    return sets;
}

bool test_cpu_emulates_amx(void)
{
    return __wrap_oct_cpu_sets() & ~__real_oct_cpu_sets() & OCT_CPU_AMX;
}

unsigned __wrap_oct_cpu_enable(unsigned sets)
{
    sets &= __wrap_oct_cpu_sets();
    const unsigned emulated = test_cpu_emulates_amx() ? sets & OCT_CPU_AMX : 0;
    return __real_oct_cpu_enable(sets & ~emulated) | emulated;
}

int __wrap_oct_cores_usable(void)
{
    const char *cores = setting("OCTET_TEST_CORES");
    return cores ? atoi(cores) : __real_oct_cores_usable();
}

/* "8,4": four of eight are big. */
int __wrap_oct_cores_big(void)
{
    const char *cores = setting("OCTET_TEST_CORES"), *big = cores ? strchr(cores, ',') : NULL;
    return cores ? atoi(big ? big + 1 : cores) : __real_oct_cores_big();
}

int __wrap_oct_cores_default_threads(void)
{
    return setting("OCTET_TEST_CORES") ? __wrap_oct_cores_big()
                                       : __real_oct_cores_default_threads();
}

#if defined(__x86_64__)
void __real_oct_kernels_fill_amx(struct oct_kernels *kernels);
void __wrap_oct_kernels_fill_amx(struct oct_kernels *kernels);
void check_kernels_fill_amx(struct oct_kernels *kernels);
void __real_oct_kernels_fill_amxbf16(struct oct_kernels *kernels);
void __wrap_oct_kernels_fill_amxbf16(struct oct_kernels *kernels);
void check_kernels_fill_amxbf16(struct oct_kernels *kernels);

void __wrap_oct_kernels_fill_amx(struct oct_kernels *kernels)
{
    (test_cpu_emulates_amx() ? check_kernels_fill_amx : __real_oct_kernels_fill_amx)(kernels);
}

void __wrap_oct_kernels_fill_amxbf16(struct oct_kernels *kernels)
{
    (test_cpu_emulates_amx() ? check_kernels_fill_amxbf16
                             : __real_oct_kernels_fill_amxbf16)(kernels);
}
#endif
