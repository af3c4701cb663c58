/* SPDX-License-Identifier: Apache-2.0 */
/* Training's kernels for AVX-512. */
#define OCT_TRAIN_FILL oct_train_kernels_fill_avx512
#include "train/kernels/train_body.h"
