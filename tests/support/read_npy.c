/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's header read strictly, and the array behind it. */
#include "read_npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data.h"

static const struct {
    const char *code;
    size_t bytes;
} types[] = {[NPY_FLOAT32] = {"'<f4'", 4},
             [NPY_UINT8] = {"'|u1'", 1},
             [NPY_INT32] = {"'<i4'", 4},
             [NPY_INT64] = {"'<i8'", 8}};

#define TYPES (sizeof types / sizeof types[0])

/* The text of a key of the header, which is a Python dictionary: what follows "'key':" */
static const char *value_of(const char *path, const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at)
        fail_msg("%s: no %s in the header", path, key);
    at += strlen(key);
    while (*at == ' ')
        at++;
    return at;
}

static void parse_shape(const char *path, const char *at, struct npy *array)
{
    array->count = 1;
    if (*at++ != '(')
        fail_msg("%s: no shape", path);
    while (*at && *at != ')') {
        char *end;
        size_t size = strtoull(at, &end, 10);
        if (end == at || array->dimensions == NPY_DIMENSIONS_MAX ||
            __builtin_mul_overflow(array->count, size, &array->count))
            fail_msg("%s: damaged shape", path);
        array->shape[array->dimensions++] = size;
        at = end + strspn(end, ", ");
    }
}

static void parse_header(const char *path, const char *header, struct npy *array)
{
    const char *type = value_of(path, header, "'descr':");
    size_t i = 0;
    while (i < TYPES && strncmp(type, types[i].code, strlen(types[i].code)) != 0)
        i++;
    if (i == TYPES)
        fail_msg("%s: type %.8s is not read", path, type);
    array->type = (enum npy_type)i;
    parse_shape(path, value_of(path, header, "'shape':"), array);
}

/* A matrix in Fortran order comes column by column. */
static void turn(const char *path, unsigned char *data, const struct npy *array)
{
    const size_t element = types[array->type].bytes, bytes = array->count * element;
    if (array->dimensions != 2)
        fail_msg("%s: is in Fortran order", path);
    const size_t rows = array->shape[0], columns = array->shape[1];
    unsigned char *turned = malloc(bytes + 1);
    assert_non_null(turned);
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            memcpy(turned + (row * columns + column) * element,
                   data + (column * rows + row) * element, element);
    memcpy(data, turned, bytes);
    free(turned);
}

void npy_parse(const char *path, unsigned char *bytes, size_t size, struct npy *array)
{
    *array = (struct npy){.file = bytes};
    if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 || bytes[6] > 3)
        fail_msg("%s: is not an .npy file", path);
    size_t start = bytes[6] == 1 ? 10 : 12;
    size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (start == 12)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > size - start)
        fail_msg("%s: is cut off", path);
    char *header = strndup((const char *)bytes + start, length);
    assert_non_null(header);
    parse_header(path, header, array);
    const bool fortran = strncmp(value_of(path, header, "'fortran_order':"), "True", 4) == 0;
    free(header);
    size_t needed;
    if (__builtin_mul_overflow(array->count, types[array->type].bytes, &needed) ||
        needed != size - start - length)
        fail_msg("%s: has %zu bytes of data", path, size - start - length);
    /* NumPy aligns the data to 64 bytes within the file; older files only to 16. */
    array->data = bytes + start + length;
    if ((uintptr_t)array->data % types[array->type].bytes != 0)
        fail_msg("%s: data is not aligned", path);
    if (fortran)
        turn(path, bytes + start + length, array);
}

void npy_read(const char *path, struct npy *array)
{
    size_t size;
    unsigned char *bytes = test_read_file(path, &size);
    npy_parse(path, bytes, size, array);
}

void npy_free(struct npy *array)
{
    free(array->file);
    *array = (struct npy){.dimensions = 0};
}

void npy_expect(const struct npy *array, enum npy_type type, int dimensions, ...)
{
    assert_int_equal(array->type, type);
    assert_int_equal(array->dimensions, dimensions);
    va_list sizes;
    va_start(sizes, dimensions);
    for (int i = 0; i < dimensions; i++)
        assert_int_equal(array->shape[i], va_arg(sizes, size_t));
    va_end(sizes);
}
