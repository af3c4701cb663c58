/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads pay on this machine: cores, affinity and CPU quotas, as Linux' files tell them.
 * `root` is "" for this machine, or a folder in whose proc/ and sys/ its files are looked for. */
#ifndef OCTET_BASE_CORES_H
#define OCTET_BASE_CORES_H

#include <sched.h>
#include <stddef.h>

/* Physical cores among the processors in `allowed`, at least 1. Of processors that share a core
 * (/sys/devices/system/cpu/cpuN/topology) one counts; one of which the system does not tell counts
 * for itself. Numbers of cores are not used: on boards with clusters they begin anew in each. */
int oct_cores_among(const char *root, const cpu_set_t *allowed, size_t bytes);

/* Physical cores that this process may use (its affinity mask), at least 1. */
int oct_cores_usable(void);

/* Those of them that are big: all, but on processors with cores of several kinds, as phones and
 * small boards have them (big.LITTLE), only those at least half as capable as the most capable core
 * in `allowed` (cpu_capacity), or clocked nearly as high where the system tells clocks alone. */
int oct_cores_big_among(const char *root, const cpu_set_t *allowed, size_t bytes);

/* Big cores that this process may use. On x86 every core counts. */
int oct_cores_big(void);

/* The time on processors that this process' control groups (version 1 or 2) grant it, as a number
 * of processors: the smallest of its own group's and all groups' above. 0: no quota, or none that
 * can be read. */
double oct_cores_quota(const char *root);

/* The threads that fit: `cores`, or as many as a quota pays for in whole, at least 1. More would
 * use the quota up before the period's end, and then all of them stand still, 0.1 s at most. */
int oct_cores_threads(int cores, double quota);

/* The default number of threads on this machine: as many as big cores, or as its quota. */
int oct_cores_default_threads(void);

#endif
