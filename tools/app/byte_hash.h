/* SPDX-License-Identifier: Apache-2.0 */
/* Tells bytes apart, where nobody means harm: FNV-1a of 64 bits (Fowler, Noll and Vo). */
#ifndef TOOLS_BYTE_HASH_H
#define TOOLS_BYTE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define APP_HASH_START 14695981039346656037u

/* Goes on from `hash`, at first APP_HASH_START. */
uint64_t app_hash(uint64_t hash, const void *bytes, size_t size);

#endif
