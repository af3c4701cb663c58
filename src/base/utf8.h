/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, as RFC 3629 has it: no surrogates, no longer form than needed, nothing above U+10FFFF. */
#ifndef OCTET_BASE_UTF8_H
#define OCTET_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that starts at `at`, of which `left` are there; 0 when it is none. */
size_t oct_utf8_size(const char *at, size_t left);

/* True when the whole text is UTF-8. */
bool oct_utf8_valid(const char *text);

/* Puts a character (1 to 4 bytes) at `out`; returns its bytes. */
size_t oct_utf8_put(char *out, uint32_t code);

/* `digits` hexadecimal digits at `at`, which a character that is none ends; false when they are not
 * there. */
bool oct_read_hex(const char *at, int digits, uint32_t *code);

#endif
