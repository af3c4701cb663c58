/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_MS 100
#define BAR_COLUMNS 30

static bool is_terminal(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void progress_start(struct progress *progress, struct app *app, const char *what, size_t total)
{
    *progress = (struct progress){.app = app, .what = what, .total = total};
    progress->start_ms = app_now_ms();
    progress->enabled = !app->quiet && total > 1 && is_terminal();
    app->progress = progress;
}

static void time_left(char *text, size_t size, double seconds)
{
    if (seconds < 60)
        snprintf(text, size, "%.0f s left", seconds);
    else if (seconds < 3600)
        snprintf(text, size, "%d min %02d s left", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, size, "%d h %02d min left", (int)(seconds / 3600), (int)seconds / 60 % 60);
}

static void draw(struct progress *progress, double now_ms)
{
    char bar[BAR_COLUMNS + 1], left[48], line[256];
    double seconds = (now_ms - progress->start_ms) / 1e3;
    double rate = seconds > 0 ? (double)progress->done / seconds : 0;
    size_t filled = progress->done * BAR_COLUMNS / progress->total;
    for (size_t i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_COLUMNS] = '\0';
    time_left(left, sizeof left, rate > 0 ? (double)(progress->total - progress->done) / rate : 0);
    snprintf(line, sizeof line, "%s [%s] %zu/%zu  %.1f/s  %s", progress->what, bar, progress->done,
             progress->total, rate, left);
    fprintf(stderr, "\r\033[K%.*s", terminal_columns() - 1, line);
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
    if (progress->app)
        progress->app->progress = NULL;
}
