/* SPDX-License-Identifier: Apache-2.0 */
/* The orientation tag of EXIF, which is a TIFF structure: byte order, 42, offset of the first
 * directory; a directory is a count and entries of 12 bytes (tag, type, count, value). */
#include "base/reader.h"
#include "runtime/image/raster.h"

#define TAG_ORIENTATION 0x0112

typedef uint64_t read_number(struct oct_reader *reader, size_t count);

int oct_exif_orientation(const uint8_t *bytes, size_t size)
{
    struct oct_reader reader = oct_reader_of(bytes, size);
    uint64_t order = oct_read_be(&reader, 2);
    if (order != 0x4949 && order != 0x4d4d)
        return 0;
    read_number *read = order == 0x4949 ? oct_read_le : oct_read_be;
    if (read(&reader, 2) != 42)
        return 0;
    uint64_t directory = read(&reader, 4);
    if (reader.failed || directory > size)
        return 0;
    reader.position = (size_t)directory;
    uint64_t entries = read(&reader, 2);
    for (uint64_t i = 0; i < entries && !reader.failed; i++) {
        uint64_t tag = read(&reader, 2);
        /* type and count: the value is taken as a SHORT whatever they say, as OpenCV does */
        oct_read_bytes(&reader, 6);
        uint64_t value = read(&reader, 2);
        oct_read_bytes(&reader, 2);
        if (tag == TAG_ORIENTATION && !reader.failed)
            return value >= 1 && value <= 8 ? (int)value : 0;
    }
    return 0;
}
