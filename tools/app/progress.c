/* SPDX-License-Identifier: Apache-2.0 */
/* Draws the bar, within the width that the terminal has. */
#include "app/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/terminal_text.h"

#define REDRAW_MS 100 /* as often as that it is drawn at most */
#define MINUTE 60
#define HOUR 3600
#define BAR_COLUMNS 30
#define BAR_COLUMNS_LEAST 8

static bool is_terminal(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

void progress_start(struct progress *progress, struct progress **shown, const char *what,
                    size_t total, bool quiet)
{
    *progress = (struct progress){.shown = shown, .what = what, .total = total};
    progress->start_ms = app_now_ms();
    progress->enabled = !quiet && total > 1 && is_terminal();
    *shown = progress;
}

static void time_left(char *text, size_t size, double seconds)
{
    if (seconds < MINUTE)
        snprintf(text, size, "%.0f s left", seconds);
    else if (seconds < HOUR)
        snprintf(text, size, "%d min %02d s left", (int)seconds / MINUTE, (int)seconds % MINUTE);
    else
        snprintf(text, size, "%d h %02d min left", (int)seconds / HOUR,
                 (int)seconds / MINUTE % MINUTE);
}

/* "3m20s": for where there is no room for words. */
static void short_time_left(char *text, size_t size, double seconds)
{
    if (seconds < MINUTE)
        snprintf(text, size, "%.0fs", seconds);
    else if (seconds < HOUR)
        snprintf(text, size, "%dm%02ds", (int)seconds / MINUTE, (int)seconds % MINUTE);
    else
        snprintf(text, size, "%dh%02dm", (int)seconds / HOUR, (int)seconds / MINUTE % MINUTE);
}

/* The whole line where it fits, with a bar as long as there is room for. Else, what is needed least
 * is left out: the bar, the rate, the word; the count and the time left stay longest. */
static void write_line(const struct progress *progress, double rate, double left_s, int room,
                       char *line, size_t size)
{
    char bar[BAR_COLUMNS + 1] = "", count[48], speed[32], left[48], brief[48];
    snprintf(count, sizeof count, "%zu/%zu", progress->done, progress->total);
    snprintf(speed, sizeof speed, "%.1f/s", rate);
    time_left(left, sizeof left, left_s);
    short_time_left(brief, sizeof brief, left_s);
    int rest = (int)(strlen(progress->what) + strlen(count) + strlen(speed) + strlen(left)) + 8;
    int length = room - rest < BAR_COLUMNS ? room - rest : BAR_COLUMNS;
    if (length >= BAR_COLUMNS_LEAST) {
        int filled = (int)(progress->done * (size_t)length / progress->total);
        memset(bar, '.', (size_t)length);
        memset(bar, '#', (size_t)(filled < length ? filled : length));
        snprintf(line, size, "%s [%s] %s  %s  %s", progress->what, bar, count, speed, left);
        return;
    }
    const char *const shorter[][7] = {
        {progress->what, " ", count, "  ", speed, "  ", left},
        {progress->what, " ", count, "  ", "", "", left},
        {"", "", count, "  ", "", "", left},
        {"", "", count, " ", "", "", brief},
        {"", "", count, "", "", "", ""},
    };
    for (size_t i = 0; i < sizeof shorter / sizeof *shorter; i++) {
        size_t at = 0;
        for (size_t k = 0; k < 7; k++)
            at += (size_t)snprintf(line + at, size - at, "%s", shorter[i][k]);
        if ((int)at <= room)
            return;
    }
}

static void draw(struct progress *progress, double now_ms)
{
    char line[256] = "";
    double seconds = (now_ms - progress->start_ms) / 1e3;
    double rate = seconds > 0 ? (double)(progress->done - progress->before) / seconds : 0;
    double left_s = rate > 0 ? (double)(progress->total - progress->done) / rate : 0;
    /* The last column stays free: some terminals go to the next line there. */
    int room = terminal_columns(STDERR_FILENO) - 1;
    write_line(progress, rate, left_s, room, line, sizeof line);
    fprintf(stderr, "\r\033[K%.*s", room > 0 ? room : 0, line);
    fflush(stderr);
    progress->visible = true;
    progress->drawn_ms = now_ms;
}

void progress_add(struct progress *progress, size_t count)
{
    progress->done += count;
    if (progress->total < progress->done) /* a pipe gives more pictures than there are sources */
        progress->total = progress->done;
    double now_ms = app_now_ms();
    if (progress->enabled && now_ms - progress->drawn_ms >= REDRAW_MS)
        draw(progress, now_ms);
}

void progress_resume(struct progress *progress, size_t count)
{
    progress->before += count;
    progress->done += count;
}

void progress_hide(struct progress *progress)
{
    if (!progress || !progress->visible)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->visible = false;
    progress->drawn_ms = 0;
}

void progress_finish(struct progress *progress)
{
    progress_hide(progress);
    if (progress->shown)
        *progress->shown = NULL;
}
