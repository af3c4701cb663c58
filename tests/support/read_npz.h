/* SPDX-License-Identifier: Apache-2.0 */
/* Reads arrays out of NumPy's .npz files, stored or deflated: ZIP archives of .npy files. */
#ifndef OCTET_TESTS_SUPPORT_READ_NPZ_H
#define OCTET_TESTS_SUPPORT_READ_NPZ_H

#include <stdbool.h>

#include "read_npy.h"

/* Reads the array `name` of the file at `path`, to be freed with npy_free(). Returns false where
 * the file has none of this name; fails the running test where it cannot be read. */
bool npz_read(const char *path, const char *name, struct npy *array);

#endif
