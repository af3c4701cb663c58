/* SPDX-License-Identifier: Apache-2.0 */
/* Disjoint sets of indices (union-find): group[i] == i stands for its set. */
#ifndef OCTET_COMPILER_GRAPH_GROUPS_H
#define OCTET_COMPILER_GRAPH_GROUPS_H

static inline int oct_group_root(int *group, int index)
{
    while (group[index] != index)
        index = group[index] = group[group[index]];
    return index;
}

/* The smaller root stands for both. */
static inline void oct_group_join(int *group, int a, int b)
{
    a = oct_group_root(group, a);
    b = oct_group_root(group, b);
    group[a > b ? a : b] = a > b ? b : a;
}

#endif
