/* SPDX-License-Identifier: Apache-2.0 */
/* Sources: NVIDIA's JetPack archive, TensorRT's release notes, support matrices and migration
 * guides (8.0 to 11.4), and the operator lists of onnx-tensorrt. */
#include "doctor/doctor_tables.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 99999

static const char *parse_number(const char *text, int *number)
{
    long value = 0;
    for (; isdigit((unsigned char)*text); text++)
        value = value < NUMBER_MAX ? value * 10 + (*text - '0') : value;
    *number = (int)(value < NUMBER_MAX ? value : NUMBER_MAX);
    return text;
}

bool version_parse(const char *text, struct version *version)
{
    int *const parts[] = {&version->major, &version->minor, &version->patch};
    *version = (struct version){0, 0, 0};
    while (*text && !isdigit((unsigned char)*text))
        text++;
    for (int i = 0; i < 3 && isdigit((unsigned char)*text); i++) {
        text = parse_number(text, parts[i]);
        text += text[0] == '.' && i < 2;
    }
    return version->major > 0;
}

int version_compare(const struct version *a, const struct version *b)
{
    if (a->major != b->major)
        return a->major < b->major ? -1 : 1;
    if (a->minor != b->minor)
        return a->minor < b->minor ? -1 : 1;
    return (a->patch > b->patch) - (a->patch < b->patch);
}

static const struct jetpack jetpacks[] = {
    {{32, 4, 3}, "4.4", "7.1.3"},
    {{32, 4, 4}, "4.4.1", "7.1.3"},
    {{32, 5, 0}, "4.5", "7.1.3"},
    {{32, 5, 1}, "4.5.1", "7.1.3"},
    {{32, 6, 1}, "4.6", "8.0.1"},
    {{32, 7, 1}, "4.6.1", "8.2.1"},
    {{32, 7, 2}, "4.6.2", "8.2.1"},
    {{32, 7, 3}, "4.6.3", "8.2.1"},
    {{32, 7, 4}, "4.6.4", "8.2.1"},
    {{32, 7, 5}, "4.6.5", "8.2.1"},
    {{32, 7, 6}, "4.6.6", "8.2.1"},
    {{34, 1, 0}, "5.0 preview", NULL},
    {{34, 1, 1}, "5.0.1 preview", NULL},
    {{35, 1, 0}, "5.0.2", "8.4.1"},
    {{35, 2, 1}, "5.1", "8.5.2"},
    {{35, 3, 1}, "5.1.1", "8.5.2"},
    {{35, 4, 1}, "5.1.2", "8.5.2"},
    {{35, 5, 0}, "5.1.3", "8.5.2"},
    {{35, 6, 0}, "5.1.4", "8.5.2"},
    {{35, 6, 1}, "5.1.5", "8.5.2"},
    {{36, 2, 0}, "6.0 preview", "8.6.2"},
    {{36, 3, 0}, "6.0", "8.6.2"},
    {{36, 4, 0}, "6.1", "10.3.0"},
    {{36, 4, 3}, "6.2", "10.3.0"},
    {{36, 4, 4}, "6.2.1", "10.3.0"},
    {{36, 4, 7}, "6.2.1", "10.3.0"},
    {{36, 5, 0}, "6.2.2", "10.3.0"},
    {{36, 5, 2}, "6.2.3", "10.3.0"},
    {{38, 2, 0}, "7.0", "10.13.3"},
    {{38, 2, 1}, "7.0", "10.13.3"},
    {{38, 2, 2}, "7.0", "10.13.3"},
    {{38, 4, 0}, "7.1", "10.13.3"},
    {{39, 2, 0}, "7.2", "10.16.1"},
    {{39, 2, 1}, "7.2.1", "10.16.1"},
    /* what is known of releases that do not stand above */
    {{32, 0, 0}, "4", NULL},
    {{35, 0, 0}, "5", NULL},
    {{36, 0, 0}, "6", NULL},
    {{38, 0, 0}, "7", NULL},
    {{39, 0, 0}, "7", NULL},
};

const struct jetpack *jetpack_of_l4t(const struct version *l4t)
{
    const struct version major = {l4t->major, 0, 0};
    const struct jetpack *found = NULL;
    for (size_t i = 0; i < sizeof jetpacks / sizeof *jetpacks; i++) {
        if (version_compare(&jetpacks[i].l4t, l4t) == 0)
            return &jetpacks[i];
        if (version_compare(&jetpacks[i].l4t, &major) == 0)
            found = &jetpacks[i];
    }
    return found;
}

static const struct tegra tegras[] = {
    {"tegra210", "Tegra X1 (Nano, TX1)", "Maxwell, compute capability 5.3", false, false},
    {"tegra186", "Tegra X2 (TX2)", "Pascal, compute capability 6.2", false, false},
    {"tegra194", "Xavier", "Volta, compute capability 7.2", true, true},
    {"tegra234", "Orin", "Ampere, compute capability 8.7", true, true},
    {"tegra264", "Thor", "Blackwell", true, false},
};

const struct tegra *tegra_of_compatible(const char *compatible)
{
    const char *name = strncmp(compatible, "nvidia,", 7) == 0 ? compatible + 7 : compatible;
    for (size_t i = 0; i < sizeof tegras / sizeof *tegras; i++)
        if (strcmp(tegras[i].compatible, name) == 0)
            return &tegras[i];
    return NULL;
}

#define FLAGS_NEEDED "--int8 (with --fp16 for the rest) must be given, for Q/DQ models too"
#define FLAGS_REMOVED "removed: networks are strongly typed, --int8 and --fp16 are errors"
#define CACHE_TAKEN "taken (trtexec --int8 --calib=FILE)"
#define CACHE_OLD "taken (trtexec --int8 --calib=FILE), deprecated since 10.1"
#define CACHE_REMOVED "removed with the calibrators in 11.0: use Q/DQ"
#define QDQ_TAKEN "taken (symmetric, zero points 0)"
#define DLA_CACHE "INT8 by calibration cache only, not by Q/DQ"
#define DLA_NONE_10 "not supported (10.7 was the last 10.x with DLA)"

static const struct tensorrt_rule rules[] = {
    {{0, 0, 0},
     CACHE_TAKEN,
     "not taken: came with 8.0",
     FLAGS_NEEDED,
     DLA_CACHE,
     true,
     false,
     true,
     true,
     0},
    {{8, 0, 0}, CACHE_TAKEN, QDQ_TAKEN, FLAGS_NEEDED, DLA_CACHE, true, true, true, true, 13},
    {{8, 4, 0}, CACHE_TAKEN, QDQ_TAKEN, FLAGS_NEEDED, DLA_CACHE, true, true, true, true, 17},
    {{10, 0, 0},
     CACHE_TAKEN,
     QDQ_TAKEN,
     FLAGS_NEEDED " unless --stronglyTyped is",
     DLA_CACHE,
     true,
     true,
     true,
     true,
     0},
    {{10, 1, 0},
     CACHE_OLD,
     QDQ_TAKEN,
     FLAGS_NEEDED " unless --stronglyTyped is",
     DLA_CACHE,
     true,
     true,
     true,
     true,
     0},
    {{10, 8, 0},
     CACHE_OLD,
     QDQ_TAKEN,
     FLAGS_NEEDED " unless --stronglyTyped is",
     DLA_NONE_10,
     true,
     true,
     true,
     false,
     0},
    {{11, 0, 0},
     CACHE_REMOVED,
     QDQ_TAKEN,
     FLAGS_REMOVED,
     "not supported in 11.0 to 11.4.0",
     false,
     true,
     false,
     false,
     25},
    {{11, 4, 1},
     CACHE_REMOVED,
     QDQ_TAKEN,
     FLAGS_REMOVED,
     "on Jetson AGX Orin with JetPack 7.2.2 or later, strongly typed",
     false,
     true,
     false,
     true,
     25},
};

const struct tensorrt_rule *tensorrt_rule_of(const struct version *version)
{
    const struct tensorrt_rule *found = &rules[0];
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (version_compare(&rules[i].from, version) <= 0)
            found = &rules[i];
    return found;
}

/* NV_TENSORRT_VERSION of NvInferVersion.h, which got a digit more for the minor version with 10. */
int tensorrt_cache_version(const struct version *version)
{
    const int thousands = version->major < 10 ? 1000 : 10000;
    return version->major * thousands + version->minor * 100 + version->patch;
}
