/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA GPUs and their driver, as the kernel shows them, CUDA or not: what TensorRT will find, and
 * whether octet's own CUDA half runs there. */
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/doctor_files.h"
#include "doctor/doctor_tables.h"

#define GPUS_TOLD_MAX 8
#define NVIDIA_VENDOR 0x10de

/* "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May ..." (or "Open Kernel Module
 * for x86_64  570.124.06  Release Build ..."): the first word that is a version. */
static bool driver_version(struct doctor *doctor, char *version, size_t size, bool *open_module)
{
    char line[DOCTOR_TEXT_BYTES], *rest = line;
    if (!doctor_field(doctor, "proc/driver/nvidia/version", "NVRM version", line, sizeof line))
        return false;
    *open_module = strstr(line, "Open Kernel Module") != NULL;
    for (char *word; (word = strsep(&rest, " \t"));) {
        if (strspn(word, "0123456789.") != strlen(word) || !strchr(word, '.'))
            continue;
        snprintf(version, size, "%s", word);
        return true;
    }
    return false;
}

/* Those that the driver has taken over. */
static int tell_driven(struct doctor *doctor, struct group *group)
{
    static const char *const keys[GPUS_TOLD_MAX] = {"gpu_0", "gpu_1", "gpu_2", "gpu_3",
                                                    "gpu_4", "gpu_5", "gpu_6", "gpu_7"};
    char path[DOCTOR_TEXT_BYTES + 64], model[DOCTOR_TEXT_BYTES];
    size_t count;
    int told = 0;
    char **names = doctor_list(doctor, "proc/driver/nvidia/gpus", &count);
    for (size_t i = 0; i < count && told < GPUS_TOLD_MAX; i++) {
        snprintf(path, sizeof path, "proc/driver/nvidia/gpus/%s/information", names[i]);
        if (doctor_field(doctor, path, "Model", model, sizeof model))
            group_fact(group, keys[told++], "%s at %s", model, names[i]);
    }
    doctor_free_list(names, count);
    return told;
}

static long hexadecimal(struct doctor *doctor, const char *device, const char *file)
{
    char path[DOCTOR_TEXT_BYTES + 64], text[32];
    snprintf(path, sizeof path, "sys/bus/pci/devices/%s/%s", device, file);
    return doctor_text(doctor, path, text, sizeof text) ? strtol(text, NULL, 16) : -1;
}

/* Display controllers of NVIDIA on the bus, driven or not; `driver` is that of the first. */
static int count_on_bus(struct doctor *doctor, char *driver, size_t size)
{
    char path[DOCTOR_TEXT_BYTES + 64];
    size_t count;
    int found = 0;
    driver[0] = '\0';
    char **names = doctor_list(doctor, "sys/bus/pci/devices", &count);
    for (size_t i = 0; i < count; i++) {
        if (hexadecimal(doctor, names[i], "vendor") != NVIDIA_VENDOR ||
            hexadecimal(doctor, names[i], "class") >> 16 != 3)
            continue;
        snprintf(path, sizeof path, "sys/bus/pci/devices/%s/driver", names[i]);
        if (found++ == 0)
            doctor_link(doctor, path, driver, size);
    }
    doctor_free_list(names, count);
    return found;
}

void doctor_gpu(struct doctor *doctor, struct group *group)
{
    char version[64], driver[64];
    bool open_module = false;
    const bool driven = driver_version(doctor, version, sizeof version, &open_module);
    const int on_bus = count_on_bus(doctor, driver, sizeof driver);
    if (driven) {
        group_fact(group, "driver", "%s", version);
        group_fact(group, "kernel_module", "%s", open_module ? "open" : "proprietary");
    }
    const int told = driven ? tell_driven(doctor, group) : 0;
    if (on_bus)
        group_number(group, "gpus_on_bus", on_bus);
    if (doctor->tegra)
        group_fact(group, "integrated", "%s", doctor->tegra->gpu);
    const bool runs = doctor_octet(doctor, group, doctor->tegra || driven || on_bus);
    if (doctor->tegra) {
        group_say(group, VERDICT_GOOD, "integrated GPU, driver of Jetson Linux");
    } else if (driven) {
        group_say(group, told ? VERDICT_GOOD : VERDICT_NOTE, "NVIDIA driver %s, %d GPU%s", version,
                  told, told == 1 ? "" : "s");
    } else if (runs) { /* containers and virtual machines may hide the rest */
        group_say(group, VERDICT_GOOD, "a GPU that CUDA shows and the kernel does not");
    } else if (on_bus) {
        group_say(group, VERDICT_PROBLEM, "an NVIDIA GPU without NVIDIA's driver");
        group_advise(group, VERDICT_PROBLEM,
                     "the GPU is driven by %s: TensorRT and CUDA need the package nvidia-driver",
                     driver[0] ? driver : "nothing");
    } else {
        group_say(group, VERDICT_ABSENT, "no NVIDIA GPU");
    }
}
