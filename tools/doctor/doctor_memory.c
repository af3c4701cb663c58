/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, and what decides how fast the clock runs. */
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/doctor_files.h"

/* octet detect holds about 30 MB with YOLOv8n; calibrating and building a few hundred. */
#define RUN_BYTES 64e6
#define BUILD_BYTES 512e6

static bool meminfo(struct doctor *doctor, const char *key, double *bytes)
{
    char value[64], *end;
    if (!doctor_field(doctor, "proc/meminfo", key, value, sizeof value))
        return false;
    *bytes = strtod(value, &end);
    if (end == value || *bytes < 0)
        return false;
    *bytes *= strcmp(end, " kB") == 0 ? 1024.0 : 1.0;
    return true;
}

/* The limit that a container or service puts on this process' memory. */
static bool memory_limit(struct doctor *doctor, long long *bytes)
{
    return doctor_number(doctor, "sys/fs/cgroup/memory.max", bytes) ||
           doctor_number(doctor, "sys/fs/cgroup/memory/memory.limit_in_bytes", bytes);
}

static void tell_huge_pages(struct doctor *doctor, struct group *group)
{
    char text[DOCTOR_TEXT_BYTES], *begin, *end;
    double reserved;
    if (meminfo(doctor, "HugePages_Total", &reserved) && reserved > 0)
        group_number(group, "reserved_huge_pages", (long long)reserved);
    if (!doctor_text(doctor, "sys/kernel/mm/transparent_hugepage/enabled", text, sizeof text))
        return;
    begin = strchr(text, '[');
    end = begin ? strchr(begin, ']') : NULL;
    if (!end)
        return;
    *end = '\0';
    group_fact(group, "transparent_huge_pages", "%s", begin + 1);
}

void doctor_memory(struct doctor *doctor, struct group *group)
{
    double total, available, swap;
    long long limit;
    if (!meminfo(doctor, "MemTotal", &total)) {
        group_say(group, VERDICT_ABSENT, "no /proc/meminfo");
        return;
    }
    if (!meminfo(doctor, "MemAvailable", &available))
        available = total;
    group_number(group, "total_bytes", (long long)total);
    group_number(group, "available_bytes", (long long)available);
    if (meminfo(doctor, "SwapTotal", &swap))
        group_number(group, "swap_bytes", (long long)swap);
    if (memory_limit(doctor, &limit) && limit > 0 && (double)limit < total) {
        group_number(group, "limit_bytes", limit);
        available = (double)limit < available ? (double)limit : available;
    }
    group_say(group, VERDICT_GOOD, "%.1f GB, %.1f GB of it free to use", total / 1e9,
              available / 1e9);
    if (available < RUN_BYTES)
        group_advise(group, VERDICT_PROBLEM, "too little to run even a small model");
    else if (available < BUILD_BYTES)
        group_advise(group, VERDICT_NOTE,
                     "enough to run an engine; calibrate and build on another machine: the engine "
                     "file is the same");
    tell_huge_pages(doctor, group);
}

/* Drivers whose governor "powersave" does not hold the clock down. */
static bool driver_scales_by_itself(const char *driver)
{
    return strcmp(driver, "intel_pstate") == 0 || strcmp(driver, "amd-pstate-epp") == 0;
}

static void tell_governor(struct doctor *doctor, struct group *group)
{
    static const char *const facts[][2] = {
        {"driver", "scaling_driver"},
        {"governor", "scaling_governor"},
        {"energy_preference", "energy_performance_preference"},
    };
    char text[3][64], path[DOCTOR_TEXT_BYTES];
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "sys/devices/system/cpu/cpu0/cpufreq/%s", facts[i][1]);
        if (doctor_text(doctor, path, text[i], sizeof text[i]))
            group_fact(group, facts[i][0], "%s", text[i]);
    }
    if (!text[1][0])
        return;
    group_say(group, VERDICT_GOOD, "governor %s", text[1]);
    if (strcmp(text[1], "powersave") == 0 && !driver_scales_by_itself(text[0]))
        group_advise(group, VERDICT_PROBLEM,
                     "the governor powersave keeps the lowest clock: choose schedutil or "
                     "performance");
    if (strcmp(text[2], "power") == 0 || strcmp(text[2], "balance_power") == 0)
        group_advise(group, VERDICT_NOTE, "the energy preference \"%s\" holds the clock down",
                     text[2]);
}

static void tell_clocks(struct doctor *doctor, struct group *group)
{
    const char *folder = "sys/devices/system/cpu/cpu0/cpufreq/";
    char path[DOCTOR_TEXT_BYTES];
    long long now, limit, highest, turbo;
    snprintf(path, sizeof path, "%sscaling_cur_freq", folder);
    if (doctor_number(doctor, path, &now))
        group_number(group, "clock_khz", now);
    snprintf(path, sizeof path, "%sscaling_max_freq", folder);
    const bool limited = doctor_number(doctor, path, &limit);
    if (limited)
        group_number(group, "limit_khz", limit);
    snprintf(path, sizeof path, "%scpuinfo_max_freq", folder);
    if (doctor_number(doctor, path, &highest)) {
        group_number(group, "highest_khz", highest);
        if (limited && limit < highest)
            group_advise(group, VERDICT_NOTE, "the clock is limited to %lld of %lld MHz",
                         limit / 1000, highest / 1000);
    }
    const bool off =
        doctor_number(doctor, "sys/devices/system/cpu/intel_pstate/no_turbo", &turbo)
            ? turbo != 0
            : doctor_number(doctor, "sys/devices/system/cpu/cpufreq/boost", &turbo) && turbo == 0;
    if (off)
        group_advise(group, VERDICT_NOTE, "turbo clocks are switched off");
}

void doctor_power(struct doctor *doctor, struct group *group)
{
    char profile[64];
    group_say(group, VERDICT_ABSENT,
              "this system does not show its clocks (usual in virtual machines)");
    tell_governor(doctor, group);
    if (group->verdict == VERDICT_ABSENT)
        return;
    tell_clocks(doctor, group);
    if (!doctor_text(doctor, "sys/firmware/acpi/platform_profile", profile, sizeof profile))
        return;
    group_fact(group, "platform_profile", "%s", profile);
    if (strcmp(profile, "low-power") == 0 || strcmp(profile, "quiet") == 0)
        group_advise(group, VERDICT_NOTE, "the platform profile \"%s\" holds the clock down",
                     profile);
}
