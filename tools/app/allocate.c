/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for a program that ends where there is none. */
#include "app/allocate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fputs("octet: out of memory\n", stderr);
    exit(EXIT_FAILURE);
}

void *app_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *app_resize(void *memory, size_t count, size_t size)
{
    void *larger = reallocarray(memory, count ? count : 1, size ? size : 1);
    if (!larger)
        out_of_memory();
    return larger;
}

char *app_strdup(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        out_of_memory();
    return copy;
}

char *app_printf(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        out_of_memory();
    va_end(arguments);
    return text;
}
