/* SPDX-License-Identifier: Apache-2.0 */
/* A ZIP archive's central directory, and a member of it inflated by zlib. */
#include "read_npz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "data.h"

/* PKWARE's APPNOTE 4.3: sizes of the fixed parts of records, and where the fields used lie. */
enum {
    END_BYTES = 22,
    END_ENTRIES = 10,
    END_DIRECTORY = 16,
    ENTRY_BYTES = 46,
    ENTRY_METHOD = 10,
    ENTRY_PACKED = 20,
    ENTRY_SIZE = 24,
    ENTRY_NAME = 28,
    ENTRY_EXTRA = 30,
    ENTRY_COMMENT = 32,
    ENTRY_LOCAL = 42,
    LOCAL_BYTES = 30,
    LOCAL_NAME = 26,
    LOCAL_EXTRA = 28,
};

struct archive {
    const char *path;
    const unsigned char *bytes;
    size_t size;
};

struct member {
    const unsigned char *packed;
    size_t packed_bytes, bytes;
    bool deflated;
};

static size_t number(const unsigned char *at, int bytes)
{
    size_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (size_t)at[i] << 8 * i;
    return value;
}

/* `bytes` bytes at `offset`. */
static const unsigned char *part(const struct archive *archive, size_t offset, size_t bytes)
{
    if (offset > archive->size || bytes > archive->size - offset)
        fail_msg("%s: is cut off", archive->path);
    return archive->bytes + offset;
}

static struct member member_of(const struct archive *archive, const unsigned char *entry)
{
    const size_t at = number(entry + ENTRY_LOCAL, 4), packed = number(entry + ENTRY_PACKED, 4);
    const unsigned char *local = part(archive, at, LOCAL_BYTES);
    const size_t header =
        LOCAL_BYTES + number(local + LOCAL_NAME, 2) + number(local + LOCAL_EXTRA, 2);
    return (struct member){
        .packed = part(archive, at + header, packed),
        .packed_bytes = packed,
        .bytes = number(entry + ENTRY_SIZE, 4),
        .deflated = number(entry + ENTRY_METHOD, 2) != 0,
    };
}

/* Archives end with the record that says where the directory is: NumPy writes no comment behind. */
static bool find(const struct archive *archive, const char *name, struct member *member)
{
    if (archive->size < END_BYTES)
        fail_msg("%s: is no archive", archive->path);
    const unsigned char *end = archive->bytes + archive->size - END_BYTES;
    if (memcmp(end, "PK\5\6", 4) != 0)
        fail_msg("%s: is no archive", archive->path);
    size_t at = number(end + END_DIRECTORY, 4);
    for (size_t i = number(end + END_ENTRIES, 2); i > 0; i--) {
        const unsigned char *entry = part(archive, at, ENTRY_BYTES);
        const size_t length = number(entry + ENTRY_NAME, 2);
        const char *written = (const char *)part(archive, at + ENTRY_BYTES, length);
        if (length == strlen(name) + 4 && memcmp(written, name, length - 4) == 0 &&
            memcmp(written + length - 4, ".npy", 4) == 0) {
            *member = member_of(archive, entry);
            return true;
        }
        at += ENTRY_BYTES + length + number(entry + ENTRY_EXTRA, 2) +
              number(entry + ENTRY_COMMENT, 2);
    }
    return false;
}

static unsigned char *unpacked(const char *path, const struct member *member)
{
    unsigned char *bytes = malloc(member->bytes + 1);
    assert_non_null(bytes);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)member->packed,
                       .avail_in = (uInt)member->packed_bytes,
                       .next_out = bytes,
                       .avail_out = (uInt)member->bytes};
    if (!member->deflated) {
        assert_int_equal(member->packed_bytes, member->bytes);
        memcpy(bytes, member->packed, member->bytes);
        return bytes;
    }
    assert_int_equal(inflateInit2(&stream, -MAX_WBITS), Z_OK);
    if (inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.avail_out != 0)
        fail_msg("%s: is damaged", path);
    inflateEnd(&stream);
    return bytes;
}

bool npz_read(const char *path, const char *name, struct npy *array)
{
    struct archive archive = {.path = path};
    struct member member;
    unsigned char *file = test_read_file(path, &archive.size);
    archive.bytes = file;
    const bool found = find(&archive, name, &member);
    if (found)
        npy_parse(path, unpacked(path, &member), member.bytes, array);
    free(file);
    return found;
}
