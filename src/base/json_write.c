/* SPDX-License-Identifier: Apache-2.0 */
/* JSON texts out: strings escaped, numbers with as many digits as bring them back. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

/* The escape of a byte that must not stand in a text as it is, else NULL. */
static const char *escape(char byte, char room[8])
{
    static const char bytes[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *at = byte ? strchr(bytes, byte) : NULL;
    if (!at && (unsigned char)byte >= 0x20)
        return NULL;
    if (at)
        snprintf(room, 8, "\\%c", letters[at - bytes]);
    else
        snprintf(room, 8, "\\u%04X", (unsigned char)byte);
    return room;
}

void oct_json_add_text(struct oct_text *out, const char *text)
{
    char room[8];
    if (!oct_utf8_valid(text))
        text = "?";
    oct_text_add(out, "\"", 1);
    while (*text) {
        size_t plain = 0;
        while (text[plain] && !escape(text[plain], room))
            plain++;
        oct_text_add(out, text, plain);
        text += plain;
        if (*text)
            oct_text_add(out, room, strlen(escape(*text++, room)));
    }
    oct_text_add(out, "\"", 1);
}

void oct_json_add_real(struct oct_text *out, double number)
{
    char digits[40];
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0 || !isfinite(number)) {
        out->failed = true;
        return;
    }
    const locale_t before = uselocale(plain); /* of this thread alone: numbers have a point */
    snprintf(digits, sizeof digits, "%.17g", number);
    uselocale(before);
    freelocale(plain);
    char *exponent = strchr(digits, 'e');
    if (exponent) { /* 1e-05 and 1e+20 are written 1e-5 and 1e20 */
        char *sign = exponent + 1, *first = sign + 1;
        first += strspn(first, "0");
        memmove(*sign == '-' ? sign + 1 : sign, first, strlen(first) + 1);
    } else if (!strchr(digits, '.')) {
        strcat(digits, ".0");
    }
    oct_text_add(out, digits, strlen(digits));
}
