/* SPDX-License-Identifier: Apache-2.0 */
/* `octet doctor`: what matters for INT8 on a machine, read from its files in groups with a verdict
 * each. The machine is this one, or the one whose file tree was recorded into a folder. */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include "app/app.h"
#include "doctor/doctor_group.h"

struct jetpack;
struct tegra;

struct doctor {
    struct app *app;
    int root;                  /* descriptor of the tree's root */
    bool recorded;             /* a tree from elsewhere: what octet itself finds does not count */
    const struct tegra *tegra; /* the Jetson's system on chip, or NULL */
    bool without_dla;          /* a module whose chip has its DLA switched off */
    const struct jetpack *jetpack; /* by the L4T release, or NULL */
    struct group *unreadable;      /* where files that exist but cannot be read are noted */
};

/* The groups, one function each; `group` comes empty but for its name. Jetson before TensorRT. */
void doctor_cpu(struct doctor *doctor, struct group *group);
void doctor_memory(struct doctor *doctor, struct group *group);
void doctor_power(struct doctor *doctor, struct group *group);
void doctor_jetson(struct doctor *doctor, struct group *group);
void doctor_tensorrt(struct doctor *doctor, struct group *group);
void doctor_gpu(struct doctor *doctor, struct group *group);

/* Part of the GPU's group: GPU 0 as octet's CUDA half describes it, and whether octet runs on it,
 * which is returned. Silent for a recorded tree, and where no GPU is `expected` and none found. */
bool doctor_octet(struct doctor *doctor, struct group *group, bool expected);

#endif
