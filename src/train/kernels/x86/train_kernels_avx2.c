/* SPDX-License-Identifier: Apache-2.0 */
/* Training's kernels for AVX2. */
#define OCT_TRAIN_FILL oct_train_kernels_fill_avx2
#include "train/kernels/train_body.h"
