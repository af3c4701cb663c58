/* SPDX-License-Identifier: Apache-2.0 */
/* A Jetson: model, release of Jetson Linux and JetPack, power mode, clocks. */
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/doctor_files.h"
#include "doctor/doctor_tables.h"

#define COMPATIBLE_BYTES 1024

/* The device tree's list of names, each ended by NUL, lasts to the most general: the chip. */
static void find_chip(struct doctor *doctor)
{
    char names[COMPATIBLE_BYTES + 1];
    FILE *file = doctor_open(doctor, "proc/device-tree/compatible");
    if (!file)
        return;
    const size_t length = fread(names, 1, COMPATIBLE_BYTES, file);
    fclose(file);
    names[length] = '\0';
    for (size_t at = 0; at < length && !doctor->tegra; at += strlen(names + at) + 1) {
        names[at + strcspn(names + at, "\n")] = '\0';
        doctor->tegra = tegra_of_compatible(names + at);
    }
}

/* "# R35 (release), REVISION: 4.1, GCID: ..., BOARD: t186ref, ..." */
static bool release_of_file(struct doctor *doctor, struct version *l4t)
{
    char line[DOCTOR_TEXT_BYTES];
    struct version revision;
    if (!doctor_text(doctor, "etc/nv_tegra_release", line, sizeof line))
        return false;
    const char *number = strstr(line, "REVISION:");
    if (!number || !version_parse(line, l4t))
        return false;
    version_parse(number, &revision);
    *l4t = (struct version){l4t->major, revision.major, revision.minor};
    return true;
}

static void tell_release(struct doctor *doctor, struct group *group)
{
    struct version l4t;
    char package[DOCTOR_TEXT_BYTES];
    bool known = release_of_file(doctor, &l4t);
    if (!known && doctor_package(doctor, "nvidia-l4t-core", package, sizeof package))
        known = version_parse(package, &l4t);
    if (known) {
        group_fact(group, "l4t", "%d.%d.%d", l4t.major, l4t.minor, l4t.patch);
        doctor->jetpack = jetpack_of_l4t(&l4t);
    } else {
        group_advise(group, VERDICT_NOTE,
                     "the release of Jetson Linux is not known: no /etc/nv_tegra_release and no "
                     "package nvidia-l4t-core");
    }
    const bool installed = doctor_package(doctor, "nvidia-jetpack", package, sizeof package);
    if (doctor->jetpack)
        group_fact(group, "jetpack", "%s", doctor->jetpack->name);
    else if (known)
        group_advise(group, VERDICT_NOTE, "this release belongs to no JetPack known here");
    if (installed)
        group_fact(group, "nvidia_jetpack_package", "%s", package);
    else
        group_advise(group, VERDICT_NOTE,
                     "the package nvidia-jetpack is not installed (parts of it may be); with all: "
                     "sudo apt install nvidia-jetpack");
}

/* The name of a mode in nvpmodel.conf, by lines "< POWER_MODEL ID=0 NAME=MAXN >"; the mode whose
 * name begins with MAXN, the last such, has the fewest limits. */
struct power_modes {
    char name[64], fastest[64];
    int fastest_id, default_id;
};

static void read_power_modes(struct doctor *doctor, int wanted, struct power_modes *modes)
{
    char line[DOCTOR_TEXT_BYTES], name[64];
    int id;
    *modes = (struct power_modes){.fastest_id = -1, .default_id = -1};
    FILE *file = doctor_open(doctor, "etc/nvpmodel.conf");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, " < PM_CONFIG DEFAULT=%d", &id) == 1)
            modes->default_id = id;
        if (sscanf(line, " < POWER_MODEL ID=%d NAME=%63[^ >\n]", &id, name) != 2)
            continue;
        if (id == wanted)
            snprintf(modes->name, sizeof modes->name, "%s", name);
        if (strncmp(name, "MAXN", 4) != 0)
            continue;
        snprintf(modes->fastest, sizeof modes->fastest, "%s", name);
        modes->fastest_id = id;
    }
    if (file)
        fclose(file);
}

static void tell_power_mode(struct doctor *doctor, struct group *group)
{
    char status[64];
    struct power_modes modes;
    int id = -1;
    if (doctor_text(doctor, "var/lib/nvpmodel/status", status, sizeof status) &&
        sscanf(status, "pmode:%d", &id) != 1)
        id = -1;
    read_power_modes(doctor, id, &modes);
    if (id < 0) { /* never set: the configured default is in force */
        id = modes.default_id;
        read_power_modes(doctor, id, &modes);
    }
    if (id < 0)
        return;
    group_number(group, "power_mode", id);
    if (modes.name[0])
        group_fact(group, "power_mode_name", "%s", modes.name);
    if (modes.fastest_id >= 0 && modes.fastest_id != id)
        group_advise(group, VERDICT_NOTE,
                     "power mode %d (%s) limits the clocks; the fastest: sudo nvpmodel -m %d (%s)",
                     id, modes.name[0] ? modes.name : "unknown", modes.fastest_id, modes.fastest);
}

/* The GPU's clock: its device is called differently on every chip. */
static void tell_gpu_clock(struct doctor *doctor, struct group *group)
{
    static const char *const marks[] = {"gpu-gpc", ".gpu", ".ga10b", ".gv11b", ".gp10b", ".gk20a"};
    char path[DOCTOR_TEXT_BYTES + 64], device[DOCTOR_TEXT_BYTES] = "";
    size_t count;
    long long now, lowest, highest;
    char **names = doctor_list(doctor, "sys/class/devfreq", &count);
    for (size_t i = 0; i < count && !device[0]; i++)
        for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
            if (strstr(names[i], marks[m]))
                snprintf(device, sizeof device, "%s", names[i]);
    doctor_free_list(names, count);
    if (!device[0])
        return;
    snprintf(path, sizeof path, "sys/class/devfreq/%s/cur_freq", device);
    if (doctor_number(doctor, path, &now))
        group_number(group, "gpu_clock_hz", now);
    snprintf(path, sizeof path, "sys/class/devfreq/%s/min_freq", device);
    if (!doctor_number(doctor, path, &lowest))
        return;
    snprintf(path, sizeof path, "sys/class/devfreq/%s/max_freq", device);
    if (!doctor_number(doctor, path, &highest))
        return;
    group_number(group, "gpu_lowest_clock_hz", lowest);
    group_number(group, "gpu_highest_clock_hz", highest);
    if (lowest < highest)
        group_advise(group, VERDICT_NOTE,
                     "the GPU's clock moves between %lld and %lld MHz; for steady timings: sudo "
                     "jetson_clocks",
                     lowest / 1000000, highest / 1000000);
}

void doctor_jetson(struct doctor *doctor, struct group *group)
{
    char model[DOCTOR_TEXT_BYTES], release[8];
    find_chip(doctor);
    if (!doctor->tegra && !doctor_text(doctor, "etc/nv_tegra_release", release, sizeof release)) {
        group_say(group, VERDICT_ABSENT, "not a Jetson");
        return;
    }
    if (!doctor_text(doctor, "proc/device-tree/model", model, sizeof model))
        snprintf(model, sizeof model, "unknown model");
    doctor->without_dla = strstr(model, "Orin Nano") != NULL;
    group_fact(group, "model", "%s", model);
    if (doctor->tegra) {
        group_fact(group, "chip", "%s", doctor->tegra->chip);
        group_fact(group, "gpu", "%s", doctor->tegra->gpu);
    }
    group->verdict = VERDICT_GOOD;
    tell_release(doctor, group);
    if (doctor->tegra && !doctor->tegra->int8)
        group_advise(group, VERDICT_PROBLEM,
                     "this GPU has no fast INT8: TensorRT's INT8 engines gain nothing here, build "
                     "with --fp16");
    tell_power_mode(doctor, group);
    tell_gpu_clock(doctor, group);
    group_say(group, group->verdict, "%s, JetPack %s", doctor->tegra ? doctor->tegra->chip : model,
              doctor->jetpack ? doctor->jetpack->name : "unknown");
}
