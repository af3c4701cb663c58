/* SPDX-License-Identifier: Apache-2.0 */
/* Reads NumPy's .npy files, versions 1 to 3: little-endian float32, uint8, int32 and int64
 * in C order, matrices in
 * Fortran order too. */
#ifndef OCTET_TESTS_SUPPORT_READ_NPY_H
#define OCTET_TESTS_SUPPORT_READ_NPY_H

#include <stddef.h>
#include <stdint.h>

#define NPY_DIMENSIONS_MAX 8

enum npy_type { NPY_FLOAT32, NPY_UINT8, NPY_INT32, NPY_INT64 };

struct npy {
    enum npy_type type;
    int dimensions; /* 0 for a scalar */
    size_t shape[NPY_DIMENSIONS_MAX];
    size_t count; /* elements */
    union {
        const void *data;
        const float *f32;
        const uint8_t *u8;
        const int32_t *i32;
        const int64_t *i64;
    };
    unsigned char *file; /* owns what data points into */
};

/* Reads the file at `path`; fails the running test,
 * naming the reason, where that cannot be done. */
void npy_read(const char *path, struct npy *array);
void npy_free(struct npy *array);

/* As npy_read(), of a file's bytes in malloc'd memory, which the array owns from then on; `path` is
 * what failures name. */
void npy_parse(const char *path, unsigned char *bytes, size_t size, struct npy *array);

/* Fails the running test unless the array has this type and shape (`dimensions` size_t values). */
void npy_expect(const struct npy *array, enum npy_type type, int dimensions, ...);

#endif
