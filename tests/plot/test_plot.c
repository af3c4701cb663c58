/* SPDX-License-Identifier: Apache-2.0 */
/* Charts: what they say in SVG, that this is well-formed, that PNGs have the colours that belong
 * there, and odd data. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairo.h>
#include <cmocka.h>

#include "plot/plot_axes.h"
#include "plot/plot_bars.h"
#include "plot/plot_histogram.h"
#include "plot/plot_lines.h"
#include "plot/plot_png.h"
#include "plot/plot_svg.h"
#include "xml_reader.h"

#define WHITE 0xffffffu

static const double counts[] = {16, 32, 64};

/* The SVG, which was read as XML; the caller frees it. */
static char *svg_of(const struct plot_drawing *drawing)
{
    size_t length;
    char *svg = plot_svg(drawing, &length);
    assert_int_equal(strlen(svg), length);
    const char *fault = xml_fault(svg);
    if (fault)
        fail_msg("%s in:\n%s", fault, svg);
    return svg;
}

static size_t times(const char *text, const char *part)
{
    size_t found = 0;
    while ((text = strstr(text, part))) {
        found++;
        text += strlen(part);
    }
    return found;
}

static struct plot_drawing lines_of(const struct plot_series *series, size_t count)
{
    struct plot_drawing drawing;
    const struct plot_level level = {"float", 37};
    const struct plot_lines chart = {.title = "AP",
                                     .description = "described",
                                     .x_name = "pictures",
                                     .y_name = "points",
                                     .series = series,
                                     .series_count = count,
                                     .levels = &level,
                                     .level_count = 1};
    plot_lines_draw(&chart, &drawing);
    return drawing;
}

/* The checker must find what is not well-formed. */
static void the_reader_reads(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "<a>",
        "<a></b>",
        "<a b=c/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a>&</a>",
        "<a>&none;</a>",
        "<a/><b/>",
        "<a>\x01</a>",
        "<a b=\"<\"/>",
        "<a>\xff</a>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!xml_fault(bad[i]))
            fail_msg("'%s' was taken for XML", bad[i]);
    assert_null(xml_fault("<a b=\"1\" c=\"&lt;\">t\xc3\xa9xt<d/>&amp;</a>\n"));
}

static void line_chart(void **state)
{
    (void)state;
    static const double y[] = {36.5, 36.9, 37.0}, low[] = {36.1, 36.7, 36.9},
                        high[] = {36.8, 37.1, 37.2};
    const struct plot_series series[] = {{"mse", counts, y, low, high, 3},
                                         {"min<max>&\"1\"", counts, low, NULL, NULL, 3}};
    struct plot_drawing drawing = lines_of(series, 2);
    char *svg = svg_of(&drawing);
    assert_non_null(strstr(svg, ">min&lt;max&gt;&amp;&quot;1&quot;</text>"));
    assert_non_null(strstr(svg, "<desc>described</desc>"));
    assert_non_null(strstr(svg, "prefers-color-scheme:dark"));
    assert_int_equal(times(svg, "<script"), 0);
    assert_int_equal(times(svg, "http"), 1); /* the name space, which nobody fetches */
    assert_int_equal(times(svg, "fill-opacity=\"0.16\""), 1); /* one series has a band */
    assert_int_equal(times(svg, "stroke-dasharray"), 1);
    for (int i = 0; i < 3; i++) {
        char number[32];
        snprintf(number, sizeof number, ">%g</text>", counts[i]);
        assert_int_equal(times(svg, number), 1);
    }
    free(svg);
    plot_close(&drawing);
}

/* Rising values rise: y of pixels falls. */
static void lines_rise(void **state)
{
    (void)state;
    static const double y[] = {1, 2, 4};
    const struct plot_series series = {"s", counts, y, NULL, NULL, 3};
    struct plot_drawing drawing = lines_of(&series, 1);
    size_t seen = 0;
    for (size_t i = 0; i < drawing.count; i++) {
        const struct plot_shape *shape = &drawing.shapes[i];
        if (shape->kind != PLOT_LINE || shape->ink != PLOT_SERIES)
            continue;
        seen++;
        assert_int_equal(shape->count, 3);
        assert_true(shape->points[0].y > shape->points[1].y);
        assert_float_equal(shape->points[1].y - shape->points[2].y,
                           2 * (shape->points[0].y - shape->points[1].y), 1e-3);
        /* logarithmic: each doubling takes the same way */
        assert_float_equal(shape->points[2].x - shape->points[1].x,
                           shape->points[1].x - shape->points[0].x, 1e-3);
    }
    assert_int_equal(seen, 1);
    plot_close(&drawing);
}

static struct plot_point place_of(const struct plot_drawing *drawing, const char *words)
{
    for (size_t i = 0; i < drawing->count; i++)
        if (drawing->shapes[i].words && strcmp(drawing->shapes[i].words, words) == 0)
            return drawing->shapes[i].points[0];
    fail_msg("'%s' is not there", words);
    return (struct plot_point){0, 0};
}

/* Equal steps are equal, from 0 on; notes lie by their points and keep apart; marks as well. */
static void linear_lines(void **state)
{
    (void)state;
    double x[400], y[400];
    for (int i = 0; i < 400; i++) {
        x[i] = i;
        y[i] = i % 7;
    }
    const struct plot_series series = {"s", x, y, NULL, NULL, 400};
    const struct plot_note notes[] = {{"first", 100, 3}, {"second", 101, 3}, {"third", 300, 3}};
    static const char *const rows[] = {"one row", "another row"};
    struct plot_drawing drawing;
    struct plot_lines chart = {.title = "t",
                               .description = "d",
                               .x_name = "x",
                               .y_name = "y",
                               .series = &series,
                               .series_count = 1,
                               .notes = notes,
                               .note_count = 3,
                               .counted = true,
                               .marked = true};
    plot_lines_draw(&chart, &drawing);
    const int height = drawing.height;
    plot_close(&drawing);
    chart.rows = rows;
    chart.row_count = 2;
    plot_lines_draw(&chart, &drawing);
    assert_true(drawing.height >= height + 2 * PLOT_WORDS_SIZE);
    assert_true(place_of(&drawing, "one row").y > place_of(&drawing, "x").y + PLOT_WORDS_SIZE);
    assert_true(place_of(&drawing, "another row").y < drawing.height);
    const struct plot_point zero = place_of(&drawing, "0"), end = place_of(&drawing, "400");
    const struct plot_point first = place_of(&drawing, "first");
    const struct plot_point second = place_of(&drawing, "second");
    const struct plot_point third = place_of(&drawing, "third");
    assert_float_equal(third.x - first.x, (end.x - place_of(&drawing, "200").x), 1e-3);
    assert_float_equal(second.x - first.x, (end.x - place_of(&drawing, "200").x) / 200, 1e-3);
    assert_true(first.y - second.y >= PLOT_WORDS_SIZE);
    assert_float_equal(first.y, third.y, 1e-3);
    assert_true(zero.x < 100); /* the axis' 0, or the y axis' */
    size_t marks = 0;
    for (size_t i = 0; i < drawing.count; i++)
        marks += drawing.shapes[i].kind == PLOT_AREA;
    assert_in_range(marks, 20, 100);
    plot_close(&drawing);
}

/* Nothing, one point, no spread, values that are none, large ones: always a chart. */
static void odd_data(void **state)
{
    (void)state;
    static const double same[] = {5, 5, 5}, none[] = {NAN, INFINITY, -INFINITY},
                        large[] = {1e300, -1e300, 0}, small[] = {1e-12, 2e-12, 3e-12};
    const double *const values[] = {same, none, large, small};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        for (size_t count = 0; count <= 3; count++) {
            const struct plot_series series = {
                "\x01\xff\xe2\x80\xae", counts, values[i], values[i], values[i], count};
            struct plot_drawing drawing = lines_of(&series, 1);
            char *svg = svg_of(&drawing);
            assert_null(strstr(svg, "nan"));
            assert_null(strstr(svg, "inf"));
            free(svg);
            plot_close(&drawing);
        }
    }
}

static void round_axes(void **state)
{
    (void)state;
    static const struct {
        double least, most, first, last;
        int digits;
    } cases[] = {{0, 10, 0, 10, 0},
                 {36.13, 37.2, 36, 37.5, 1},
                 {-0.72, 0.45, -1, 0.5, 1},
                 {0, 0.0034, 0, 0.004, 3},
                 {7, 7, 6.9, 7.1, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plot_axis axis = {.from = 0, .to = 100};
        plot_axis_round(&axis, cases[i].least, cases[i].most, 5);
        assert_true(axis.least <= cases[i].least && axis.most >= cases[i].most);
        assert_true(axis.tick_count >= 3 && axis.tick_count <= 8);
        assert_float_equal(axis.ticks[0], axis.least, 1e-6);
        assert_float_equal(axis.ticks[axis.tick_count - 1], axis.most, 1e-6);
        assert_float_equal(axis.least, cases[i].first, 1e-6);
        assert_float_equal(axis.most, cases[i].last, 1e-6);
        assert_int_equal(axis.digits, cases[i].digits);
    }
    struct plot_axis axis = {0};
    char text[PLOT_NUMBER_BYTES];
    assert_string_equal(plot_number(&axis, -0.0, text), "0");
}

static void bar_chart(void **state)
{
    (void)state;
    static const char *const names[] = {
        "stem", "/model.22/cv3.2/cv3.2.1/conv/a/very/long/name/of/a/layer/Conv", "head"};
    static const double first[] = {3, -1, NAN}, second[] = {1, 2, 0};
    const struct plot_bar_group groups[] = {{"loss", first}, {"gain", second}};
    struct plot_bars chart = {.title = "Layers",
                              .description = "d",
                              .x_name = "points",
                              .names = names,
                              .count = 3,
                              .groups = groups,
                              .group_count = 2};
    struct plot_drawing drawing;
    plot_bars_draw(&chart, &drawing);
    char *svg = svg_of(&drawing);
    assert_non_null(strstr(svg, ">loss</text>"));
    assert_non_null(strstr(svg, ">/model.22/cv3.")); /* shortened */
    assert_null(strstr(svg, "very/long/name/of/a"));
    size_t bars = 0;
    for (size_t i = 0; i < drawing.count; i++)
        bars += drawing.shapes[i].kind == PLOT_AREA && drawing.shapes[i].points[0].y > 60;
    assert_int_equal(bars, 5); /* one value is none */
    const int height = drawing.height;
    free(svg);
    plot_close(&drawing);
    chart.count = 0;
    plot_bars_draw(&chart, &drawing);
    free(svg_of(&drawing));
    assert_true(drawing.height < height);
    plot_close(&drawing);
}

static void histogram_chart(void **state)
{
    (void)state;
    static const double bins[] = {0, 1, 10, 100, 5};
    const struct plot_limit limits[] = {{"clipped at 3.5", 3.5}, {"zero", 0}};
    struct plot_histogram chart = {.title = "Values",
                                   .description = "d",
                                   .x_name = "value",
                                   .y_name = "times",
                                   .first = -1,
                                   .width = 1,
                                   .counts = bins,
                                   .count = 5,
                                   .limits = limits,
                                   .limit_count = 2};
    struct plot_drawing drawing;
    for (int logarithmic = 0; logarithmic < 2; logarithmic++) {
        chart.logarithmic = logarithmic;
        plot_histogram_draw(&chart, &drawing);
        char *svg = svg_of(&drawing);
        assert_int_equal(times(svg, "clipped at 3.5"), 1);
        assert_int_equal(times(svg, "stroke-dasharray"), 2);
        free(svg);
        plot_close(&drawing);
    }
    chart.logarithmic = false;
    chart.headroom = 1.5; /* 100 becomes 250 */
    plot_histogram_draw(&chart, &drawing);
    assert_true(place_of(&drawing, "300").y < place_of(&drawing, "200").y);
    plot_close(&drawing);
    chart.count = 0;
    plot_histogram_draw(&chart, &drawing);
    free(svg_of(&drawing));
    plot_close(&drawing);
}

/* The charts of a page: narrow, without title, their figures beside the bars, and in one style that
 * the page has; all of it is on the sheet. */
static void small_charts(void **state)
{
    (void)state;
    static const char *const names[] = {"stem", "head"};
    static const double values[] = {3.14159, 0}, x[] = {0, 1, 2, 3}, y[] = {30, NAN, 20, 10},
                        bins[] = {0, 1, 1000};
    const struct plot_bar_group group = {NULL, values};
    const struct plot_bars bars = {.title = "Bars",
                                   .description = "d",
                                   .x_name = "ms",
                                   .names = names,
                                   .count = 2,
                                   .groups = &group,
                                   .group_count = 1,
                                   .width = 300,
                                   .untitled = true,
                                   .numbered = true,
                                   .digits = 2};
    const struct plot_series series = {"s", x, y, NULL, NULL, 4};
    const struct plot_lines lines = {.title = "Lines",
                                     .description = "d",
                                     .x_name = "layer",
                                     .y_name = "dB",
                                     .series = &series,
                                     .series_count = 1,
                                     .counted = true,
                                     .untitled = true,
                                     .width = 300,
                                     .height = 200};
    const struct plot_histogram histogram = {.title = "Counts",
                                             .description = "d",
                                             .x_name = "",
                                             .y_name = "times",
                                             .width = 1,
                                             .counts = bins,
                                             .count = 3,
                                             .untitled = true,
                                             .width_px = 300,
                                             .height_px = 180,
                                             .logarithmic = true};
    static const char *const titles[] = {"Bars", "Lines", "Counts"};
    struct plot_drawing drawings[3];
    plot_bars_draw(&bars, &drawings[0]);
    plot_lines_draw(&lines, &drawings[1]);
    plot_histogram_draw(&histogram, &drawings[2]);
    for (int i = 0; i < 3; i++) {
        char *svg = plot_svg_part(&drawings[i]);
        assert_null(xml_fault(svg));
        assert_int_equal(times(svg, titles[i]), 1); /* not shown */
        assert_int_equal(times(svg, "<style"), 0);
        assert_int_equal(times(svg, "></text>"), 0);
        assert_int_equal(times(svg, ">3.14</text>"), i == 0);
        assert_int_equal(drawings[i].width, 300);
        for (size_t k = 0; k < drawings[i].count; k++)
            for (size_t p = 0; p < drawings[i].shapes[k].count; p++) {
                assert_true(drawings[i].shapes[k].points[p].x >= 0 &&
                            drawings[i].shapes[k].points[p].x <= 300);
                assert_true(drawings[i].shapes[k].points[p].y >= 0 &&
                            drawings[i].shapes[k].points[p].y <= drawings[i].height);
            }
        free(svg);
        plot_close(&drawings[i]);
    }
    char *style = plot_svg_style();
    assert_int_equal(times(style, ".octet-plot .ink"), (size_t)(2 * PLOT_INKS));
    free(style);
}

struct reading {
    const unsigned char *bytes;
    size_t left;
};

static cairo_status_t read_bytes(void *user, unsigned char *bytes, unsigned length)
{
    struct reading *from = user;
    if (from->left < length)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(bytes, from->bytes, length);
    from->bytes += length;
    from->left -= length;
    return CAIRO_STATUS_SUCCESS;
}

static uint32_t pixel(cairo_surface_t *surface, int x, int y)
{
    const unsigned char *row = cairo_image_surface_get_data(surface) +
                               (ptrdiff_t)y * cairo_image_surface_get_stride(surface);
    uint32_t value;
    memcpy(&value, row + 4 * (ptrdiff_t)x, sizeof value);
    return value & 0xffffff;
}

/* Twice as large as the drawing, in its colours, and with words; those of the built-in font, too,
 * for which no process is asked. */
static void painted(void **state)
{
    (void)state;
    struct app app = {.quiet = true};
    struct label_font *font = label_font_start(&app);
    struct plot_drawing drawing;
    plot_open(&drawing, 120, 80, "t", "d");
    plot_rectangle(&drawing, PLOT_SERIES + 1, 1, (struct plot_point){10, 10},
                   (struct plot_point){30, 20});
    plot_words(&drawing, PLOT_ACCENT, 20, PLOT_MIDDLE, (struct plot_point){60, 60}, "HHH");
    size_t length;
    unsigned char *png = plot_png(&drawing, font, &length);
    assert_non_null(png);
    struct reading from = {png, length};
    cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(read_bytes, &from);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    assert_int_equal(cairo_image_surface_get_width(surface), 240);
    assert_int_equal(cairo_image_surface_get_height(surface), 160);
    assert_int_equal(pixel(surface, 40, 30), plot_colors_of(PLOT_SERIES + 1).light);
    assert_int_equal(pixel(surface, 2, 2), WHITE);
    size_t inked = 0, elsewhere = 0;
    for (int y = 50; y < 160; y++)
        for (int x = 0; x < 240; x++) {
            const bool is_ink = pixel(surface, x, y) == plot_colors_of(PLOT_ACCENT).light;
            const bool is_there = x > 60 && x < 180 && y > 76 && y <= 124;
            inked += is_ink && is_there;
            elsewhere += !is_there && pixel(surface, x, y) != WHITE;
        }
    assert_true(inked > 100);
    assert_int_equal(elsewhere, 0);
    cairo_surface_destroy(surface);
    free(png);
    plot_close(&drawing);
    label_font_close(&font);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader_reads), cmocka_unit_test(line_chart),
        cmocka_unit_test(lines_rise),       cmocka_unit_test(linear_lines),
        cmocka_unit_test(odd_data),         cmocka_unit_test(round_axes),
        cmocka_unit_test(bar_chart),        cmocka_unit_test(histogram_chart),
        cmocka_unit_test(small_charts),     cmocka_unit_test(painted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
