/* SPDX-License-Identifier: Apache-2.0 */
/* Adds up the lengths that containers write before their parts. */
#include "video/film_bytes.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOXES_MAX 100000
#define EBML 0x1a45dfa3u
#define SEGMENT 0x18538067u

struct film {
    int descriptor;
    uint64_t size;
};

/* Whether so many bytes are there. */
static bool read_at(const struct film *film, uint64_t at, uint8_t *bytes, size_t count)
{
    return at <= film->size && count <= film->size - at &&
           pread(film->descriptor, bytes, count, (off_t)at) == (ssize_t)count;
}

static uint64_t big_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool is_box_name(const uint8_t *name)
{
    for (int i = 0; i < 4; i++)
        if (!isalnum(name[i]) && name[i] != ' ')
            return false;
    return true;
}

/* MP4: boxes of a length and a name, one after another. */
static uint64_t missing_boxes(const struct film *film)
{
    uint64_t at = 0;
    uint8_t head[16];
    for (int i = 0; i < BOXES_MAX && at < film->size && read_at(film, at, head, 8); i++) {
        uint64_t length = big_endian(head, 4);
        if (!is_box_name(head + 4) || length == 0) /* 0: as far as the file goes */
            return 0;
        if (length == 1 && read_at(film, at, head, 16))
            length = big_endian(head + 8, 8);
        if (length < 8)
            return 0;
        if (length > film->size - at)
            return length - (film->size - at);
        at += length;
    }
    return 0;
}

/* A number of Matroska's: its first byte's leading zeros say how long it is. Returns its bytes, 0
 * where there is none; all ones are "not known". */
static size_t vint(const struct film *film, uint64_t at, uint64_t *value, bool *known)
{
    uint8_t bytes[8];
    if (!read_at(film, at, bytes, 1) || !bytes[0])
        return 0;
    const size_t length = (size_t)__builtin_clz(bytes[0]) - 23;
    if (!read_at(film, at, bytes, length))
        return 0;
    const uint64_t ones = ((uint64_t)1 << 7 * length) - 1;
    *value = big_endian(bytes, length) & ones;
    *known = *value != ones;
    return length;
}

static uint64_t missing_matroska(const struct film *film)
{
    uint8_t name[4];
    uint64_t length;
    bool known;
    size_t count = vint(film, 4, &length, &known);
    if (!count || !known || length > film->size)
        return 0;
    const uint64_t segment = 4 + count + length;
    if (!read_at(film, segment, name, 4) || big_endian(name, 4) != SEGMENT)
        return 0;
    count = vint(film, segment + 4, &length, &known);
    const uint64_t there = film->size - segment - 4 - count;
    return count && known && length > there ? length - there : 0;
}

static uint64_t missing_riff(const struct film *film, const uint8_t *head)
{
    const uint64_t length = (uint64_t)head[7] << 24 | head[6] << 16 | head[5] << 8 | head[4];
    return length && length + 8 > film->size ? length + 8 - film->size : 0;
}

uint64_t film_bytes_missing(const char *path)
{
    struct stat entry;
    uint8_t head[12];
    struct film film = {open(path, O_RDONLY | O_CLOEXEC), 0};
    uint64_t missing = 0;
    if (film.descriptor < 0)
        return 0;
    if (fstat(film.descriptor, &entry) == 0 && S_ISREG(entry.st_mode))
        film.size = (uint64_t)entry.st_size;
    if (read_at(&film, 0, head, sizeof head)) {
        if (big_endian(head, 4) == EBML)
            missing = missing_matroska(&film);
        else if (memcmp(head, "RIFF", 4) == 0)
            missing = missing_riff(&film, head);
        else if (memcmp(head + 4, "ftyp", 4) == 0 || memcmp(head + 4, "moov", 4) == 0)
            missing = missing_boxes(&film);
    }
    close(film.descriptor);
    return missing;
}
