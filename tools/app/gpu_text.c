/* SPDX-License-Identifier: Apache-2.0 */
/* Puts clocks and limits into one line. */
#include "app/gpu_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int thousands_of(int number)
{
    return number / 1000 + (number % 1000 >= 500);
}

TOOLS_PRINTF(2, 3) static void add(char *text, const char *format, ...)
{
    va_list arguments;
    const size_t used = strlen(text);
    va_start(arguments, format);
    vsnprintf(text + used, GPU_STATE_BYTES - used, format, arguments);
    va_end(arguments);
}

static void add_clock(const octet_gpu *gpu, const octet_gpu_state *state, char *text)
{
    const int limit = state->clock_limit_khz ? state->clock_limit_khz : gpu->clock_khz;
    if (state->clock_khz <= 0)
        return;
    add(text, "clock %d", thousands_of(state->clock_khz));
    if (limit > 0)
        add(text, " of %d", thousands_of(limit));
    add(text, " MHz under load");
    if (limit > 0 && limit < gpu->clock_khz)
        add(text, " (the highest without a limit: %d)", thousands_of(gpu->clock_khz));
}

const char *gpu_state_text(const octet_gpu *gpu, const octet_gpu_state *state, char *text)
{
    text[0] = '\0';
    add_clock(gpu, state, text);
    if (state->power_mode >= 0) {
        add(text, "%spower mode %d", *text ? ", " : "", state->power_mode);
        if (state->power_mode_name[0])
            add(text, " (%s)", state->power_mode_name);
    }
    if (state->power_limit_mw > 0) {
        add(text, "%spower limit %d", *text ? ", " : "", thousands_of(state->power_limit_mw));
        if (state->power_default_mw > 0)
            add(text, " of %d", thousands_of(state->power_default_mw));
        add(text, " W");
    }
    return text;
}
