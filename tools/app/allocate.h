/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is there: lack of it ends the program. */
#ifndef TOOLS_ALLOCATE_H
#define TOOLS_ALLOCATE_H

#include <stddef.h>

#include "app/format.h"

/* Zeroed memory, a copy of text, a formatted text: freed with free(). Lack of memory ends the
 * program. */
void *app_alloc(size_t count, size_t size);
void *app_resize(void *memory, size_t count, size_t size);
char *app_strdup(const char *text);
char *app_printf(const char *format, ...) TOOLS_PRINTF(1, 2);

#endif
