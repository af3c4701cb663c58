/* SPDX-License-Identifier: Apache-2.0 */
/* Attentions of random shape for every kernel of them. */
#ifndef OCTET_TESTS_GPU_SUPPORT_RANDOM_ATTENTION_H
#define OCTET_TESTS_GPU_SUPPORT_RANDOM_ATTENTION_H

#include "random_conv.h"

/* Runs `cases` cases of each kernel, and one of more pixels than a block of weights has. Fails the
 * running test. */
void attention_trial(struct conv_trial *trial, int cases);

#endif
