/* SPDX-License-Identifier: Apache-2.0 */
/* The cores of a 64-bit ARM processor by their identification registers (MIDR_EL1), as
 * /proc/cpuinfo or, where that has none, /sys tells them. */
#include "doctor/doctor_arm.h"

#include <stdlib.h>
#include <string.h>

#include "doctor/doctor_files.h"

#define KINDS_MAX 8
#define LINE_BYTES 512
#define PROCESSORS_MAX 1024

#define NVIDIA 0x4e
#define ARM_LTD 0x41

/* Parts and their names: Linux' asm/cputype.h, lscpu. Sets beside neon that the core always has:
 * Arm's technical reference manuals; NULL where its revisions differ. */
static const struct arm_core {
    unsigned maker, part;
    const char *name, *sets;
} arm_cores[] = {
    {ARM_LTD, 0xd03, "Cortex-A53", ""},
    {ARM_LTD, 0xd05, "Cortex-A55", NULL},
    {ARM_LTD, 0xd07, "Cortex-A57", ""}, /* Jetson Nano, TX1, TX2 */
    {ARM_LTD, 0xd08, "Cortex-A72", ""}, /* Raspberry Pi 4, Graviton */
    {ARM_LTD, 0xd09, "Cortex-A73", ""},
    {ARM_LTD, 0xd0a, "Cortex-A75", NULL},
    {ARM_LTD, 0xd0b, "Cortex-A76", "fp16 dotprod"},  /* Raspberry Pi 5 */
    {ARM_LTD, 0xd0c, "Neoverse-N1", "fp16 dotprod"}, /* Graviton 2, Ampere Altra */
    {ARM_LTD, 0xd0d, "Cortex-A77", "fp16 dotprod"},
    {ARM_LTD, 0xd0e, "Cortex-A76AE", "fp16 dotprod"},
    {ARM_LTD, 0xd40, "Neoverse-V1", "fp16 dotprod i8mm"}, /* Graviton 3 */
    {ARM_LTD, 0xd41, "Cortex-A78", "fp16 dotprod"},
    {ARM_LTD, 0xd42, "Cortex-A78AE", "fp16 dotprod"}, /* Jetson Orin */
    {ARM_LTD, 0xd44, "Cortex-X1", "fp16 dotprod"},
    {ARM_LTD, 0xd46, "Cortex-A510", "fp16 dotprod i8mm"},
    {ARM_LTD, 0xd47, "Cortex-A710", "fp16 dotprod i8mm"},
    {ARM_LTD, 0xd48, "Cortex-X2", "fp16 dotprod i8mm"},
    {ARM_LTD, 0xd49, "Neoverse-N2", "fp16 dotprod i8mm"},
    {ARM_LTD, 0xd4b, "Cortex-A78C", "fp16 dotprod"},
    {ARM_LTD, 0xd4d, "Cortex-A715", "fp16 dotprod i8mm"},
    {ARM_LTD, 0xd4e, "Cortex-X3", "fp16 dotprod i8mm"},
    {ARM_LTD, 0xd4f, "Neoverse-V2", "fp16 dotprod i8mm"},   /* Grace, Graviton 4 */
    {ARM_LTD, 0xd83, "Neoverse-V3AE", "fp16 dotprod i8mm"}, /* Jetson Thor */
    {ARM_LTD, 0xd84, "Neoverse-V3", "fp16 dotprod i8mm"},
    {NVIDIA, 0x000, "Denver", ""},
    {NVIDIA, 0x003, "Denver 2", ""}, /* Jetson TX2 */
    {NVIDIA, 0x004, "Carmel", ""},   /* Jetson Xavier */
};

/* The kinds that were seen, in their order. */
struct core_kinds {
    struct core_kind {
        unsigned maker, part;
        int cores;
    } kinds[KINDS_MAX];
    int count;
    bool more; /* than are kept */
};

static void add_core(struct core_kinds *seen, unsigned maker, unsigned part)
{
    int i = 0;
    while (i < seen->count && (seen->kinds[i].maker != maker || seen->kinds[i].part != part))
        i++;
    seen->more = seen->more || i == KINDS_MAX;
    if (i == KINDS_MAX)
        return;
    if (i == seen->count)
        seen->kinds[seen->count++] = (struct core_kind){maker, part, 0};
    seen->kinds[i].cores++;
}

static void read_cpuinfo(struct doctor *doctor, struct core_kinds *seen)
{
    char line[LINE_BYTES];
    unsigned maker = 0, part;
    FILE *file = doctor_open(doctor, "proc/cpuinfo");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "CPU implementer : %x", &maker) == 1)
            continue;
        if (sscanf(line, "CPU part : %x", &part) == 1)
            add_core(seen, maker, part);
    }
    if (file)
        fclose(file);
}

/* "0x00000000410fd421": the maker stands in bits 24 to 31, the part in 4 to 15. */
static void read_registers(struct doctor *doctor, struct core_kinds *seen)
{
    char path[128], text[DOCTOR_TEXT_BYTES];
    for (int i = 0; i < PROCESSORS_MAX; i++) {
        snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%d/regs/identification/midr_el1", i);
        if (!doctor_text(doctor, path, text, sizeof text))
            return;
        const unsigned long long midr = strtoull(text, NULL, 16);
        add_core(seen, (unsigned)(midr >> 24 & 0xff), (unsigned)(midr >> 4 & 0xfff));
    }
}

static const struct arm_core *find_core(const struct core_kind *kind)
{
    for (size_t i = 0; i < sizeof arm_cores / sizeof *arm_cores; i++)
        if (arm_cores[i].maker == kind->maker && arm_cores[i].part == kind->part)
            return &arm_cores[i];
    return NULL;
}

static void tell_kinds(struct group *group, const struct core_kinds *seen)
{
    char text[DOCTOR_TEXT_BYTES] = "";
    for (int i = 0; i < seen->count; i++) {
        const struct core_kind *kind = &seen->kinds[i];
        const struct arm_core *core = find_core(kind);
        char name[64];
        if (core)
            snprintf(name, sizeof name, "%s", core->name);
        else
            snprintf(name, sizeof name, "of maker 0x%02x, part 0x%03x", kind->maker, kind->part);
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%d %s", used ? ", " : "", kind->cores, name);
    }
    group_fact(group, "cores", "%s", text);
}

void doctor_arm_cores(struct doctor *doctor, struct group *group, char *sets, size_t size)
{
    static const char *const newer[] = {"fp16", "dotprod", "i8mm"};
    struct core_kinds seen = {.count = 0};
    read_cpuinfo(doctor, &seen);
    if (seen.count == 0)
        read_registers(doctor, &seen);
    if (seen.count == 0)
        return;
    tell_kinds(group, &seen);
    for (size_t n = 0; n < sizeof newer / sizeof *newer && has_word(sets, "neon"); n++) {
        bool all = !seen.more && !has_word(sets, newer[n]);
        for (int i = 0; i < seen.count; i++) {
            const struct arm_core *core = find_core(&seen.kinds[i]);
            all = all && core && core->sets && has_word(core->sets, newer[n]);
        }
        const size_t used = strlen(sets);
        if (all)
            snprintf(sets + used, size - used, " %s", newer[n]);
    }
}
