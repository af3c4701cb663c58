/* SPDX-License-Identifier: Apache-2.0 */
/* The names of kernel sets, and masks of them as people write them. */
#include "runtime/backend/cpu/features/features.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    unsigned set;
    const char *name;
} cpu_set_names[] = {
    {OCT_CPU_REF, "ref"},
    {OCT_CPU_AVX2, "avx2"},
    {OCT_CPU_AVXVNNI, "avxvnni"},
    {OCT_CPU_AVX512, "avx512"},
    {OCT_CPU_AVX512VNNI, "avx512vnni"},
    {OCT_CPU_AVX512BF16, "avx512bf16"},
    {OCT_CPU_AMX, "amx"},
    {OCT_CPU_NEON, "neon"},
    {OCT_CPU_FP16, "fp16"},
    {OCT_CPU_DOTPROD, "dotprod"},
    {OCT_CPU_I8MM, "i8mm"},
};
#define CPU_SET_COUNT ((int)(sizeof cpu_set_names / sizeof cpu_set_names[0]))

const char *oct_cpu_set_name(unsigned set)
{
    for (int i = 0; i < CPU_SET_COUNT; i++) {
        if (cpu_set_names[i].set == set)
            return cpu_set_names[i].name;
    }
    return NULL;
}

static unsigned set_of_name(const char *name, size_t length)
{
    for (int i = 0; i < CPU_SET_COUNT; i++) {
        if (strlen(cpu_set_names[i].name) == length &&
            memcmp(cpu_set_names[i].name, name, length) == 0)
            return cpu_set_names[i].set;
    }
    return 0;
}

octet_status oct_cpu_parse(octet_context *ctx, const char *list, unsigned *sets)
{
    const unsigned machine = oct_cpu_sets();
    if (!list || !list[0] || strcmp(list, "max") == 0) {
        *sets = machine;
        return OCTET_OK;
    }
    unsigned chosen = OCT_CPU_REF, last = 0;
    const bool many = strchr(list, ',') != NULL;
    for (const char *at = list;;) {
        const size_t length = strcspn(at, ",");
        last = set_of_name(at, length);
        if (!last)
            return oct_fail(ctx, OCTET_UNSUPPORTED_CPU, "\"%.40s\": unknown kernel set \"%.*s\"",
                            list, (int)(length < 40 ? length : 40), at);
        if (!(machine & last))
            return oct_fail(ctx, OCTET_UNSUPPORTED_CPU,
                            "this machine cannot run the kernel set \"%s\"",
                            oct_cpu_set_name(last));
        chosen |= last;
        if (!at[length])
            break;
        at += length + 1;
    }
    *sets = many ? chosen : machine & (2 * last - 1);
    return OCTET_OK;
}
