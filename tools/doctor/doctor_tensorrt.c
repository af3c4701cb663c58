/* SPDX-License-Identifier: Apache-2.0 */
/* TensorRT: which version is there, and what that version takes of octet's files. */
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/doctor_files.h"
#include "doctor/doctor_tables.h"

/* The first line of a cache that this TensorRT takes, as octet export --header wants it. */
#define CACHE_HEADER "TRT-%d-EntropyCalibration2"

struct installed {
    char version[DOCTOR_TEXT_BYTES], source[DOCTOR_TEXT_BYTES * 2];
    struct version number;
};

static void consider(struct group *group, struct installed *best, const struct installed *found)
{
    if (best->version[0] && version_compare(&best->number, &found->number) != 0)
        group_advise(group, VERDICT_NOTE, "more than one TensorRT: %s (%s) and %s (%s)",
                     best->version, best->source, found->version, found->source);
    if (!best->version[0] || version_compare(&best->number, &found->number) < 0)
        *best = *found;
}

static void find_packages(struct doctor *doctor, struct group *group, struct installed *best)
{
    static const char *const packages[] = {"libnvinfer7", "libnvinfer8", "libnvinfer10",
                                           "libnvinfer11"};
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        struct installed found;
        if (!doctor_package(doctor, packages[i], found.version, sizeof found.version) ||
            !version_parse(found.version, &found.number))
            continue;
        snprintf(found.source, sizeof found.source, "package %s", packages[i]);
        consider(group, best, &found);
    }
}

/* Installed from an archive: libnvinfer.so.MAJOR.MINOR.PATCH in the usual folders. */
static void find_libraries(struct doctor *doctor, struct group *group, struct installed *best)
{
    static const char *const folders[] = {
        "usr/lib/aarch64-linux-gnu",
        "usr/lib/x86_64-linux-gnu",
        "usr/local/lib",
        "usr/local/tensorrt/lib",
        "usr/local/TensorRT/lib",
        "opt/tensorrt/lib",
        "usr/local/cuda/lib64",
        "usr/local/tensorrt/targets/x86_64-linux-gnu/lib",
    };
    static const char prefix[] = "libnvinfer.so.";
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t count;
        char **names = doctor_list(doctor, folders[i], &count);
        for (size_t n = 0; n < count; n++) {
            struct installed found;
            if (strncmp(names[n], prefix, sizeof prefix - 1) != 0 ||
                !strchr(names[n] + sizeof prefix - 1, '.') ||
                !version_parse(names[n] + sizeof prefix - 1, &found.number))
                continue;
            snprintf(found.version, sizeof found.version, "%s", names[n] + sizeof prefix - 1);
            snprintf(found.source, sizeof found.source, "/%s/%s", folders[i], names[n]);
            consider(group, best, &found);
        }
        doctor_free_list(names, count);
    }
}

static void tell_trtexec(struct doctor *doctor, struct group *group)
{
    static const char *const paths[] = {"usr/src/tensorrt/bin/trtexec", "usr/bin/trtexec",
                                        "usr/local/tensorrt/bin/trtexec",
                                        "opt/tensorrt/bin/trtexec"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        FILE *file = doctor_open(doctor, paths[i]);
        if (!file)
            continue;
        fclose(file);
        group_fact(group, "trtexec", "/%s", paths[i]);
        return;
    }
    group_advise(group, VERDICT_NOTE,
                 "trtexec is not in a usual place (package libnvinfer-bin, or tensorrt)");
}

/* What a Jetson without TensorRT gets with it. */
static void tell_missing(const struct doctor *doctor, struct group *group)
{
    struct version coming;
    group_say(group, VERDICT_ABSENT, "not installed");
    if (!doctor->tegra)
        return;
    group_advise(group, VERDICT_NOTE,
                 "to run TensorRT engines here: sudo apt install nvidia-jetpack");
    if (!doctor->jetpack || !doctor->jetpack->tensorrt)
        return;
    version_parse(doctor->jetpack->tensorrt, &coming);
    group_advise(group, VERDICT_NOTE,
                 "JetPack %s comes with TensorRT %s (cache header " CACHE_HEADER ")",
                 doctor->jetpack->name, doctor->jetpack->tensorrt, tensorrt_cache_version(&coming));
}

/* DLA as this version and this chip have it together. */
static const char *dla_text(const struct doctor *doctor, const struct tensorrt_rule *rule)
{
    if (doctor->tegra && (doctor->without_dla || !doctor->tegra->dla))
        return "this module has none";
    return doctor->tegra ? rule->dla : "none outside of Jetson and DRIVE";
}

static void tell_rule(const struct doctor *doctor, struct group *group,
                      const struct installed *installed)
{
    const struct tensorrt_rule *rule = tensorrt_rule_of(&installed->number);
    group_fact(group, "calibration_cache", "%s", rule->calibration_cache);
    group_fact(group, "qdq", "%s", rule->qdq);
    group_fact(group, "precision_flags", "%s", rule->precision_flags);
    group_fact(group, "dla", "%s", dla_text(doctor, rule));
    if (rule->opset)
        group_number(group, "onnx_opset", rule->opset);
    group_fact(group, "octet_export", "%s%s%s", rule->takes_qdq ? "--format qdq" : "",
               rule->takes_qdq && rule->takes_cache ? " or " : "",
               rule->takes_cache ? "--format trt-cache" : "");
    if (rule->takes_cache)
        group_fact(group, "cache_header", CACHE_HEADER, tensorrt_cache_version(&installed->number));
    if (rule->opset && rule->opset < 18)
        group_advise(group, VERDICT_NOTE,
                     "its ONNX parser promises opset %d at most: export the model with "
                     "opset=%d from Ultralytics",
                     rule->opset, rule->opset < 17 ? 13 : 17);
    if (doctor->tegra && doctor->tegra->int8 && doctor->jetpack && installed->number.major >= 11)
        group_advise(group, VERDICT_NOTE,
                     "TensorRT 11 supports Jetson from 11.4.1 with JetPack 7.2.2 on");
}

static void compare_with_jetpack(const struct doctor *doctor, struct group *group,
                                 const struct installed *installed)
{
    struct version expected;
    if (!doctor->jetpack || !doctor->jetpack->tensorrt)
        return;
    version_parse(doctor->jetpack->tensorrt, &expected);
    if (version_compare(&expected, &installed->number) != 0)
        group_advise(group, VERDICT_NOTE, "JetPack %s comes with TensorRT %s",
                     doctor->jetpack->name, doctor->jetpack->tensorrt);
}

void doctor_tensorrt(struct doctor *doctor, struct group *group)
{
    struct installed installed = {.version = ""};
    find_packages(doctor, group, &installed);
    find_libraries(doctor, group, &installed);
    if (!installed.version[0]) {
        tell_missing(doctor, group);
        return;
    }
    group->verdict = group->verdict == VERDICT_ABSENT ? VERDICT_GOOD : group->verdict;
    group_fact(group, "version", "%s", installed.version);
    group_fact(group, "found_as", "%s", installed.source);
    tell_rule(doctor, group, &installed);
    tell_trtexec(doctor, group);
    compare_with_jetpack(doctor, group, &installed);
    const struct version *v = &installed.number;
    group_say(group, group->verdict, "%d.%d.%d takes %s", v->major, v->minor, v->patch,
              !tensorrt_rule_of(v)->takes_qdq     ? "calibration caches"
              : !tensorrt_rule_of(v)->takes_cache ? "Q/DQ models"
                                                  : "Q/DQ models and calibration caches");
}
