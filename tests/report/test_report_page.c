/* SPDX-License-Identifier: Apache-2.0 */
/* The report's page: it is well-formed, hostile names stay text, and nothing is fetched. With a
 * path as argument the page goes there, to be looked at. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/report_page.h"

#define HOSTILE "</script><b onload=\"x\">&amp;\x01\xff"
#define SVG                                                                                        \
    "<svg viewBox=\"0 0 100 20\" width=\"100\" height=\"20\" role=\"img\"><title>chart</title>"    \
    "<rect width=\"60\" height=\"20\"/></svg>"

static const struct report_fact facts[] = {{"calibrator", "mse"}, {HOSTILE, HOSTILE}};
static const struct report_speed speeds[] = {{"FP32", 26.3, 27.0, 12600000, false},
                                             {"BF16", 17.1, 17.4, 6300000, false},
                                             {"INT8", 9.9, 10.1, 3200000, true}};
static const struct report_class classes[] = {{"bolt", 20, 19, 1, 0.97, 0.99},
                                              {HOSTILE, 0, 0, 2, -1, -1}};
static const struct report_histogram histograms[] = {{HOSTILE, SVG, -1, 3, -1.5, 9.25},
                                                     {"/model.1/act", SVG, 0, 6, -0.3, 6}};
static unsigned char jpeg[] = {0xff, 0xd8, 0xff, 0xd9};
static const struct report_picture pictures[] = {
    {HOSTILE, jpeg, sizeof jpeg, 640, 240, {3, 4}, 0.5, false},
    {"b.jpg", jpeg, 2, 640, 240, {3, 3}, 0.0, true}};

static struct report_layer layer(const char *name, octet_precision precision, double alone_db)
{
    struct report_layer made = {.through_db = 30, .alone_db = alone_db, .share = 0.1};
    made.info = (octet_layer_info){.name = name,
                                   .operation = "Conv",
                                   .fused = "SiLU",
                                   .precision = precision,
                                   .output_channels = 16,
                                   .output_height = 160,
                                   .output_width = 160,
                                   .multiply_adds = 12345678};
    return made;
}

static struct html make_page(void)
{
    const struct report_layer layers[] = {layer("/model.0/conv", OCTET_PRECISION_INT8, 38.5),
                                          layer("/model.1/conv", OCTET_PRECISION_INT8, 12.25),
                                          layer("/model.1/act", OCTET_PRECISION_FP32, NAN),
                                          layer(HOSTILE, OCTET_PRECISION_BF16, 60)};
    const struct report_data data = {
        .title = "parts" HOSTILE,
        .mood = REPORT_WARN,
        .verdict = "Agrees",
        .reasons = HOSTILE,
        .info = {.name = "parts", .class_count = 2, .weight_bytes = 3200000},
        .facts = facts,
        .fact_count = 2,
        .speeds = speeds,
        .speed_count = 3,
        .speed_svg = SVG,
        .agreement = {.ap = 0.978, .ap50 = 0.99, .ap75 = 0.985},
        .pictures = 14,
        .score_rms = 0.031,
        .box_mean_px = 0.4,
        .box_95_px = 1.2,
        .sure = 20,
        .matched = 19,
        .ap_float = NAN,
        .ap_engine = NAN,
        .classes = classes,
        .class_count = 2,
        .layers = layers,
        .layer_count = 4,
        .layers_svg = SVG,
        .histograms = histograms,
        .histogram_count = 2,
        .shown = pictures,
        .shown_count = 2,
        .drift = "The ranges fit.",
        .study_svg = SVG,
        .command = "octet report x",
    };
    struct html html = {0};
    report_page_write(&html, &data);
    return html;
}

/* ---- a strict reader: every element is closed in its turn ---- */

#define DEPTH 64

static bool is_void(const char *name)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "img") == 0 || strcmp(name, "input") == 0;
}

/* Behind the tag's '>', with `name`; quotes are pairs. */
static const char *read_tag(const char *at, char *name, bool *closes_itself)
{
    size_t length = strcspn(at, " >/\n");
    assert_in_range(length, 1, 31);
    memcpy(name, at, length);
    name[length] = '\0';
    *closes_itself = false;
    for (at += length; *at != '>'; at++) {
        assert_true(*at && *at != '<');
        *closes_itself = *at == '/';
        if (*at == '"')
            at += 1 + strcspn(at + 1, "\"");
    }
    return at + 1;
}

static void page_is_well_formed(void **state)
{
    (void)state;
    struct html html = make_page();
    char open[DEPTH][32];
    size_t depth = 0;
    const char *at = html.bytes;
    assert_memory_equal(at, "<!doctype html>\n", 16);
    for (at += 16; (at = strchr(at, '<'));) {
        char name[32];
        bool closes_itself;
        if (at[1] == '/') {
            at = read_tag(at + 2, name, &closes_itself);
            assert_true(depth > 0);
            assert_string_equal(open[--depth], name);
            continue;
        }
        at = read_tag(at + 1, name, &closes_itself);
        if (strcmp(name, "script") == 0 || strcmp(name, "style") == 0) {
            char end[40];
            snprintf(end, sizeof end, "</%s>", name);
            at = strstr(at, end);
            assert_non_null(at);
        }
        if (!is_void(name) && !closes_itself) {
            assert_true(depth < DEPTH);
            strcpy(open[depth++], name);
        }
    }
    assert_int_equal(depth, 0);
    free(html.bytes);
}

static void names_stay_text(void **state)
{
    (void)state;
    struct html html = make_page();
    assert_null(strstr(html.bytes, "<b onload"));
    assert_non_null(strstr(html.bytes, "&lt;/script&gt;&lt;b onload=&quot;x&quot;&gt;&amp;amp;"));
    const char *script = strstr(html.bytes, "<script>");
    assert_non_null(script);
    assert_ptr_equal(strstr(script, "</script>"), strstr(html.bytes, "</script>"));
    for (const unsigned char *c = (const unsigned char *)html.bytes; *c; c++)
        assert_true(*c >= ' ' || *c == '\n');
    free(html.bytes);
}

static void nothing_is_fetched(void **state)
{
    static const char *const words[] = {"http:", "https:", "src=\"/", "url(",   "@import",
                                        "<link", "fetch(", "XMLHttp", "<iframe"};
    (void)state;
    struct html html = make_page();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(html.bytes, words[i]))
            fail_msg("%s is in the page", words[i]);
    free(html.bytes);
}

static void pictures_are_base64(void **state)
{
    (void)state;
    struct html html = make_page();
    assert_non_null(strstr(html.bytes, "src=\"data:image/jpeg;base64,/9j/2Q==\""));
    assert_non_null(strstr(html.bytes, "src=\"data:image/jpeg;base64,/9g=\""));
    free(html.bytes);
}

static void ids_are_unique_and_there(void **state)
{
    (void)state;
    struct html html = make_page();
    for (const char *at = html.bytes; (at = strstr(at, "href=\"#"));) {
        char id[64];
        at += 7;
        snprintf(id, sizeof id, " id=\"%.*s\"", (int)strcspn(at, "\""), at);
        const char *found = strstr(html.bytes, id);
        assert_non_null(found);
        assert_null(strstr(found + 1, id));
    }
    free(html.bytes);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        struct html html = make_page();
        FILE *file = fopen(argv[1], "we");
        const bool written = file && fwrite(html.bytes, 1, html.length, file) == html.length;
        free(html.bytes);
        return file && fclose(file) == 0 && written ? 0 : 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_well_formed),      cmocka_unit_test(names_stay_text),
        cmocka_unit_test(nothing_is_fetched),       cmocka_unit_test(pictures_are_base64),
        cmocka_unit_test(ids_are_unique_and_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
