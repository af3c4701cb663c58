/* SPDX-License-Identifier: Apache-2.0 */
/* Training's kernels for any processor. */
#define OCT_TRAIN_FILL oct_train_kernels_fill_plain
#include "train/kernels/train_body.h"
