/* SPDX-License-Identifier: Apache-2.0 */
/* The processor: what it has for INT8, and which of octet's kernel sets it can run. */
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/doctor_arm.h"
#include "doctor/doctor_files.h"

#define FLAG_BYTES 4096
#define CORE_MAX 65535 /* a higher number is no core's */

/* Sets as octet names them, lowest first, with the words of /proc/cpuinfo that each needs besides
 * those of the sets that it stands on. */
static const struct kernel_set {
    const char *name, *below, *words;
    enum verdict verdict;
    const char *meaning;
} kernel_sets[] = {
    {"avx2", "", "avx2 fma f16c", VERDICT_NOTE,
     "AVX2 without 8-bit dot products: INT8 gains less over FP32 than with VNNI"},
    {"avxvnni", "avx2", "avx_vnni", VERDICT_GOOD, "8-bit dot products in 256 bits (AVX-VNNI)"},
    {"avx512", "avx2", "avx512f avx512bw avx512vl avx512dq", VERDICT_NOTE,
     "AVX-512 without VNNI: no 8-bit dot products"},
    {"avx512vnni", "avx512", "avx512_vnni", VERDICT_GOOD,
     "8-bit dot products in 512 bits (AVX-512 VNNI)"},
    {"avx512bf16", "avx512vnni", "avx512_bf16", VERDICT_GOOD,
     "8-bit and bfloat16 dot products in 512 bits (AVX-512 VNNI, BF16)"},
    {"amx", "avx512vnni", "amx_tile amx_int8 amx_bf16", VERDICT_GOOD, "8-bit matrix tiles (AMX)"},
    {"neon", "", "asimd", VERDICT_NOTE,
     "NEON without 8-bit dot products: INT8 gains less over FP32 than with dotprod"},
    {"fp16", "neon", "asimdhp", VERDICT_NOTE,
     "NEON without 8-bit dot products: INT8 gains less over FP32 than with dotprod"},
    {"dotprod", "neon", "asimddp", VERDICT_GOOD,
     "8-bit dot products (dotprod): 16 multiply-adds an instruction, FP32 has 4"},
    {"i8mm", "dotprod", "i8mm", VERDICT_GOOD,
     "8-bit matrix products (i8mm): 32 multiply-adds an instruction, FP32 has 4"},
};
#define KERNEL_SET_COUNT (sizeof kernel_sets / sizeof *kernel_sets)

/* Features worth telling, on either kind of processor. */
static const char *const features[] = {
    "avx2",     "fma",         "f16c",        "avx_vnni", "avx512f",  "avx512bw", "avx512vl",
    "avx512dq", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16", "asimd",
    "asimdhp",  "asimddp",     "i8mm",        "bf16",     "sve",      "sve2",
};

static void append_word(char *text, size_t size, const char *word)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used ? " " : "", word);
}

static bool has_words(const char *flags, const char *words)
{
    char copy[DOCTOR_TEXT_BYTES], *rest = copy;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word; (word = strsep(&rest, " "));)
        if (*word && !has_word(flags, word))
            return false;
    return true;
}

static void sets_of_flags(const char *flags, char *sets, size_t size)
{
    snprintf(sets, size, "ref");
    for (size_t i = 0; i < KERNEL_SET_COUNT; i++)
        if (has_words(sets, kernel_sets[i].below) && has_words(flags, kernel_sets[i].words))
            append_word(sets, size, kernel_sets[i].name);
}

/* The numbers in "0-3,6". */
static int count_of_list(const char *list)
{
    int count = 0;
    for (char *end; *list; list = *end == ',' ? end + 1 : end) {
        const long first = strtol(list, &end, 10);
        long last = first;
        if (end == list)
            break;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        if (last < first || last > CORE_MAX || (*end && *end != ','))
            break;
        count += (int)(last - first) + 1;
    }
    return count;
}

static void tell_cores(struct doctor *doctor, struct group *group)
{
    char online[DOCTOR_TEXT_BYTES], present[DOCTOR_TEXT_BYTES];
    doctor_text(doctor, "sys/devices/system/cpu/online", online, sizeof online);
    doctor_text(doctor, "sys/devices/system/cpu/present", present, sizeof present);
    const int on = count_of_list(online), all = count_of_list(present);
    if (on)
        group_number(group, "processors_online", on);
    if (on && all > on) {
        group_number(group, "processors_present", all);
        group_advise(group, VERDICT_NOTE,
                     "%d of %d processors are switched off (on a Jetson: by the power mode)",
                     all - on, all);
    }
}

/* The quota of a recorded tree, as a container sees its own; 0: none. */
static double recorded_quota(struct doctor *doctor)
{
    const char *version_1[] = {"sys/fs/cgroup/cpu/cpu.cfs_quota_us",
                               "sys/fs/cgroup/cpu/cpu.cfs_period_us"};
    char text[DOCTOR_TEXT_BYTES];
    double quota = 0, period = 0;
    long long numbers[2];
    if (doctor_text(doctor, "sys/fs/cgroup/cpu.max", text, sizeof text)) {
        if (sscanf(text, "%lf %lf", &quota, &period) != 2)
            return 0;
    } else if (doctor_number(doctor, version_1[0], &numbers[0]) &&
               doctor_number(doctor, version_1[1], &numbers[1])) {
        quota = (double)numbers[0];
        period = (double)numbers[1];
    }
    return quota > 0 && period > 0 ? quota / period : 0;
}

/* `threads`: that octet starts; 0 where that is not known. */
static void tell_quota(struct group *group, double quota, int threads)
{
    if (quota > 0)
        group_fact(group, "cpu_quota", "%.3g", quota);
    if (threads)
        group_number(group, "threads", threads);
    if (quota > 0 && threads)
        group_advise(group, VERDICT_NOTE,
                     "a CPU quota of %.3g processors (of a container or service): octet starts %d "
                     "thread%s unless --threads says otherwise",
                     quota, threads, threads == 1 ? "" : "s");
    else if (quota > 0)
        group_advise(group, VERDICT_NOTE,
                     "a CPU quota of %.3g processors (of a container or service)", quota);
}

/* Where some cores are several times as fast as others, octet takes those alone by default. */
static void tell_big_cores(struct group *group, const octet_machine *machine)
{
    if (machine->big_cores >= machine->physical_cores)
        return;
    group_number(group, "big_cores", machine->big_cores);
    group_advise(group, VERDICT_GOOD,
                 "%d of %d cores are big: octet starts no more threads than that unless --threads "
                 "says otherwise",
                 machine->big_cores, machine->physical_cores);
}

static void processor_name(struct doctor *doctor, char *name, size_t size)
{
    if (!doctor_field(doctor, "proc/cpuinfo", "model name", name, size) &&
        !doctor_field(doctor, "proc/cpuinfo", "Model", name, size) &&
        !doctor_text(doctor, "proc/device-tree/model", name, size))
        snprintf(name, size, "unknown processor");
}

static void judge(struct group *group, const char *sets)
{
    const struct kernel_set *best = NULL;
    for (size_t i = 0; i < KERNEL_SET_COUNT; i++)
        if (has_word(sets, kernel_sets[i].name))
            best = &kernel_sets[i];
    if (best)
        group_say(group, best->verdict, "%s", best->meaning);
    else
        group_say(group, VERDICT_PROBLEM, "nothing that octet has vector kernels for");
}

void doctor_cpu(struct doctor *doctor, struct group *group)
{
    char name[DOCTOR_TEXT_BYTES], flags[FLAG_BYTES], sets[128], shown[DOCTOR_TEXT_BYTES] = "";
    octet_machine machine;
    if (!doctor_field(doctor, "proc/cpuinfo", "flags", flags, sizeof flags))
        doctor_field(doctor, "proc/cpuinfo", "Features", flags, sizeof flags);
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (has_word(flags, features[i]))
            append_word(shown, sizeof shown, features[i]);
    octet_machine_get(&machine);
    processor_name(doctor, name, sizeof name);
    sets_of_flags(flags, sets, sizeof sets);
    if (!doctor->recorded) {
        snprintf(name, sizeof name, "%s", machine.cpu);
        snprintf(sets, sizeof sets, "%s", machine.kernel_sets);
    }
    if (doctor->recorded && !flags[0]) {
        group_say(group, VERDICT_ABSENT, "no /proc/cpuinfo in this tree");
        return;
    }
    group_fact(group, "processor", "%s", name);
    group_fact(group, "features", "%s", shown);
    doctor_arm_cores(doctor, group, sets, sizeof sets);
    judge(group, sets);
    group_fact(group, "kernel_sets", "%s", sets);
    if (has_word(sets, "fp16"))
        group_advise(group, VERDICT_GOOD,
                     "engines of --precision bf16 are multiplied as IEEE halves (fp16): 8 "
                     "multiply-adds an instruction");
    if (!doctor->recorded) {
        group_fact(group, "octet_uses", "%s", machine.best);
        group_number(group, "physical_cores", machine.physical_cores);
        tell_big_cores(group, &machine);
        tell_quota(group, machine.cpu_quota, machine.threads);
        if (strcmp(machine.best, "ref") == 0)
            group_advise(group, VERDICT_PROBLEM,
                         "octet has no vector kernels for this processor: it runs the plain C "
                         "reference, right but slow");
    } else {
        tell_quota(group, recorded_quota(doctor), 0);
    }
    tell_cores(doctor, group);
}
