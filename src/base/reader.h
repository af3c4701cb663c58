/* SPDX-License-Identifier: Apache-2.0 */
/* The checked reader: every byte of a file that octet interprets itself is taken through it. */
#ifndef OCTET_BASE_READER_H
#define OCTET_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct oct_reader {
    const uint8_t *bytes;
    size_t size, position;
    bool failed; /* sticky: a read past the end sets it and yields zeros */
};

static inline struct oct_reader oct_reader_of(const void *bytes, size_t size)
{
    return (struct oct_reader){bytes, size, 0, false};
}

/* `count` bytes, or NULL (and failed) when fewer are left. */
static inline const uint8_t *oct_read_bytes(struct oct_reader *reader, size_t count)
{
    if (reader->failed || count > reader->size - reader->position) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *at = reader->bytes + reader->position;
    reader->position += count;
    return at;
}

static inline uint8_t oct_read_u8(struct oct_reader *reader)
{
    const uint8_t *b = oct_read_bytes(reader, 1);
    return b ? *b : 0;
}

static inline uint64_t oct_read_le(struct oct_reader *reader, size_t count)
{
    const uint8_t *b = oct_read_bytes(reader, count);
    uint64_t value = 0;
    for (size_t i = 0; b && i < count; i++)
        value |= (uint64_t)b[i] << (8 * i);
    return value;
}

static inline uint64_t oct_read_be(struct oct_reader *reader, size_t count)
{
    const uint8_t *b = oct_read_bytes(reader, count);
    uint64_t value = 0;
    for (size_t i = 0; b && i < count; i++)
        value = value << 8 | b[i];
    return value;
}

#endif
