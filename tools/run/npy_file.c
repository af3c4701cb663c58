/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes .npy files, whose header is a Python dictionary. */
#include "run/npy_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HEADER_BYTES_MAX 65536
#define HEADER_ALIGNMENT 64

/* The text after `'key':` in the header's dictionary,
 * blanks skipped; NULL when the key is missing. */
static const char *find_value(const char *header, const char *key)
{
    char quoted[2][24];
    snprintf(quoted[0], sizeof quoted[0], "'%s'", key);
    snprintf(quoted[1], sizeof quoted[1], "\"%s\"", key);
    for (int i = 0; i < 2; i++) {
        const char *at = strstr(header, quoted[i]);
        if (!at)
            continue;
        at += strlen(quoted[i]);
        at += strspn(at, " \t");
        if (*at != ':')
            return NULL;
        at++;
        return at + strspn(at, " \t");
    }
    return NULL;
}

static bool parse_type(const char *value, enum npy_type *type)
{
    if (!value || (value[0] != '\'' && value[0] != '"'))
        return false;
    if (strncmp(value + 1, "|u1", 3) == 0 || strncmp(value + 1, "<u1", 3) == 0)
        *type = NPY_UINT8;
    else if (strncmp(value + 1, "<f4", 3) == 0)
        *type = NPY_FLOAT32;
    else
        return false;
    return value[4] == value[0];
}

static bool parse_shape(const char *value, struct npy *array)
{
    if (!value || *value != '(')
        return false;
    array->count = 1;
    for (value++;;) {
        value += strspn(value, " \t,");
        if (*value == ')')
            return true;
        char *end;
        errno = 0;
        unsigned long long side = strtoull(value, &end, 10);
        if (end == value || *value == '-' || errno || array->rank == NPY_RANK_MAX ||
            __builtin_mul_overflow(array->count, (size_t)side, &array->count))
            return false;
        array->shape[array->rank++] = (size_t)side;
        value = end;
    }
}

/* The dictionary as text, for the caller to free; NULL when the start is not an .npy file's. */
static char *read_header(FILE *file)
{
    uint8_t start[12];
    if (fread(start, 1, 8, file) != 8 || memcmp(start, "\x93NUMPY", 6) != 0 || start[6] < 1 ||
        start[6] > 3)
        return NULL;
    size_t bytes = start[6] == 1 ? 2 : 4;
    if (fread(start + 8, 1, bytes, file) != bytes)
        return NULL;
    size_t length = (size_t)start[8] | (size_t)start[9] << 8;
    if (bytes == 4)
        length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    if (length > HEADER_BYTES_MAX)
        return NULL;
    char *header = app_alloc(length + 1, 1);
    if (fread(header, 1, length, file) == length)
        return header;
    free(header);
    return NULL;
}

static int read_array(struct app *app, const char *path, FILE *file, const char *header,
                      struct npy *array)
{
    const char *order = find_value(header, "fortran_order");
    struct stat entry;
    size_t size;
    if (!parse_type(find_value(header, "descr"), &array->type))
        return app_fail(app, "%s: elements must be uint8 or little-endian float32", path);
    if (!order || strncmp(order, "False", 5) != 0)
        return app_fail(app, "%s: must be in C order (numpy.ascontiguousarray)", path);
    if (!parse_shape(find_value(header, "shape"), array))
        return app_fail(app, "%s: the header's shape is damaged", path);
    if (__builtin_mul_overflow(array->count, array->type == NPY_FLOAT32 ? 4u : 1u, &size) ||
        fstat(fileno(file), &entry) != 0 ||
        (S_ISREG(entry.st_mode) && size > (size_t)entry.st_size))
        return app_fail(app, "%s: truncated: the shape in the header needs more bytes", path);
    array->data = malloc(size ? size : 1);
    if (!array->data)
        return app_fail(app, "%s: out of memory for %zu bytes", path, size);
    if (fread(array->data, 1, size, file) != size)
        return app_fail(app, "%s: truncated: the shape in the header needs more bytes", path);
    return STATUS_DONE;
}

int npy_read(struct app *app, const char *path, struct npy *array)
{
    *array = (struct npy){0};
    FILE *file = fopen(path, "re");
    if (!file)
        return app_fail_open(app, path);
    char *header = read_header(file);
    int status = header ? read_array(app, path, file, header, array)
                        : app_fail(app, "%s: not a NumPy .npy file", path);
    free(header);
    fclose(file);
    if (status != STATUS_DONE)
        npy_free(array);
    return status;
}

void npy_free(struct npy *array)
{
    free(array->data);
    *array = (struct npy){0};
}

int npy_begin(struct output_file *file, struct app *app, const char *path, const size_t *shape,
              int rank)
{
    char text[256];
    int length = snprintf(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < rank; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%zu%s", shape[i],
                           rank == 1      ? ","
                           : i + 1 < rank ? ", "
                                          : "");
    length += snprintf(text + length, sizeof text - (size_t)length, "), }");
    int padded =
        (10 + length + 1 + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT - 10;
    const uint8_t start[10] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)padded, (uint8_t)(padded >> 8)};
    while (length < padded - 1)
        text[length++] = ' ';
    text[length++] = '\n';
    int status = output_open(file, app, path);
    output_write(file, start, sizeof start);
    output_write(file, text, (size_t)length);
    return status;
}
