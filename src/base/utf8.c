/* SPDX-License-Identifier: Apache-2.0 */
/* Steps through UTF-8, and refuses what is none. */
#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

size_t oct_utf8_size(const char *at, size_t left)
{
    const unsigned char *c = (const unsigned char *)at;
    if (left == 0)
        return 0;
    if (c[0] < 0x80)
        return 1;
    const size_t size = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    if (c[0] < 0xc2 || c[0] > 0xf4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    const bool longer = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    const bool beyond = (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf4 && c[1] > 0x8f);
    return longer || beyond ? 0 : size;
}

bool oct_utf8_valid(const char *text)
{
    const char *const end = text + strlen(text);
    while (text < end) {
        const size_t size = oct_utf8_size(text, (size_t)(end - text));
        if (size == 0)
            return false;
        text += size;
    }
    return true;
}

size_t oct_utf8_put(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(leads[more] | code >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (code >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

bool oct_read_hex(const char *at, int digits, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < digits; i++) {
        if (!isxdigit((unsigned char)at[i]))
            return false;
        int c = tolower((unsigned char)at[i]);
        *code = *code << 4 | (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    return true;
}
