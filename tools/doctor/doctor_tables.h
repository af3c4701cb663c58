/* SPDX-License-Identifier: Apache-2.0 */
/* What NVIDIA's documents say of releases: Jetson Linux and JetPack, systems on chip, TensorRT. */
#ifndef TOOLS_DOCTOR_TABLES_H
#define TOOLS_DOCTOR_TABLES_H

#include <stdbool.h>

struct version {
    int major, minor, patch; /* absent parts are 0 */
};

/* "10.3.0.30-1+cuda12.5", "libnvinfer.so.8.5.2", "R35.4.1" and the like: the first number and what
 * follows it with dots. False when there is none. */
bool version_parse(const char *text, struct version *version);

/* Below 0, 0 or above 0, as strcmp(). */
int version_compare(const struct version *a, const struct version *b);

/* A release of Jetson Linux (L4T), the JetPack that it belongs to and that JetPack's TensorRT. */
struct jetpack {
    struct version l4t;
    const char *name;
    const char *tensorrt; /* NULL: not known here */
};

/* The release itself, or an entry for its major version with patch and minor 0; NULL for none. */
const struct jetpack *jetpack_of_l4t(const struct version *l4t);

/* A system on chip as the device tree names it ("nvidia,tegra234"). */
struct tegra {
    const char *compatible, *chip, *gpu;
    bool int8, dla; /* whether TensorRT has INT8 on its GPU; whether there may be a DLA */
};
const struct tegra *tegra_of_compatible(const char *compatible);

/* What TensorRT takes from a version on. */
struct tensorrt_rule {
    struct version from;
    const char *calibration_cache, *qdq, *precision_flags, *dla;
    bool takes_cache, takes_qdq, needs_flags, has_dla;
    int opset; /* highest that its ONNX parser promises; 0: not known here */
};
const struct tensorrt_rule *tensorrt_rule_of(const struct version *version);

/* The version as TensorRT writes it into the first line of a calibration cache: 8.5.2 is 8502,
 * 10.3.0 is 100300. */
int tensorrt_cache_version(const struct version *version);

#endif
