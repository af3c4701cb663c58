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

#define HOSTILE "</script></style><b onload=\"x\">&amp;'\x01\xff\xe2\x80\xae<!--"
#define SVG                                                                                        \
    "<svg viewBox=\"0 0 100 20\" width=\"100\" height=\"20\" role=\"img\"><title>chart</title>"    \
    "<rect width=\"60\" height=\"20\"/></svg>"

static char hostile[] = HOSTILE, svg[] = SVG, calibrator[] = "mse";
static const struct report_fact facts[] = {{calibrator, calibrator}, {hostile, hostile}};
static const struct report_speed speeds[] = {{"float", 26.3, 27.0, 12600000, false},
                                             {"half", 17.1, 17.4, 6300000, false},
                                             {"INT8", 9.9, 10.1, 3200000, true}};
static const struct report_class classes[] = {{"bolt", 20, 19, 1, 0.97, 0.99},
                                              {HOSTILE, 0, 0, 2, -1, -1}};
static const struct report_label_class label_classes[] = {{"bolt", 20, 0.91, 0.90, 0.99, 0.98},
                                                          {HOSTILE, 1, -1, -1, -1, -1}};
static struct report_histogram histograms[] = {{HOSTILE, hostile, svg, -1, 3, -1.5, 9.25, 0.02},
                                               {"/model.1/act", calibrator, svg, 0, 6, -0.3, 6, 0}};
static unsigned char jpeg[] = {0xff, 0xd8, 0xff, 0xd9};
static const struct report_picture pictures[] = {
    {hostile, {{jpeg, sizeof jpeg, 640, 240, 3}, {jpeg, sizeof jpeg, 640, 240, 4}}, 0.5, false},
    {hostile, {{jpeg, 2, 640, 240, 3}, {jpeg, 3, 640, 240, 3}}, 0.0, true}};
static octet_range_fit ranges[] = {{.name = HOSTILE, .clipped = 0.1, .noise = -20, .best = -30}};
static struct report_study_row rows[] = {{hostile, 16, 37.1, 97.0, 0.2, 36.9, 37.4, 12.0},
                                         {calibrator, 32, NAN, NAN, NAN, NAN, NAN, NAN}};
static char *verdicts[] = {hostile};
static const struct report_block blocks[] = {{HOSTILE, 8, 3, 1, 0, 0.1, 12, NAN},
                                             {"model.1", 4, 1, 0, 0, NAN, NAN, 0.5}};

static struct report_layer layer(const char *name, octet_precision precision, double alone_db)
{
    struct report_layer made = {
        .label = hostile, .through_db = 30, .alone_db = alone_db, .effect = 0.01, .share = 0.1};
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

/* Everything that a page can have. */
static struct report_data full_data(const struct report_layer *layers, size_t count)
{
    return (struct report_data){
        .title = "parts" HOSTILE,
        .subtitle = HOSTILE,
        .mood = REPORT_WARN,
        .verdict = hostile,
        .reasons = hostile,
        .advice = hostile,
        .info = {.name = "parts", .class_count = 2, .weight_bytes = 3200000},
        .facts = facts,
        .fact_count = 2,
        .conditions = facts,
        .condition_count = 2,
        .speeds = speeds,
        .speed_count = 3,
        .speed_svg = svg,
        .size_svg = svg,
        .agreement = {.ap = 0.978, .ap50 = 0.99, .ap75 = 0.985},
        .pictures = 14,
        .confidence = 0.25,
        .sure = 20,
        .matched = 19,
        .classes = classes,
        .class_count = 2,
        .labels = {.source = HOSTILE,
                   .match = "name",
                   .all = {{.ap = 0.5, .ap_small = -1}, {.ap = 0.49, .ap_small = -1}},
                   .classes = label_classes,
                   .class_count = 2},
        .layers = layers,
        .layer_count = count,
        .effect_pictures = 4,
        .noise_svg = svg,
        .effect_svg = svg,
        .blocks = blocks,
        .block_count = 2,
        .blocks_svg = svg,
        .histograms = histograms,
        .histogram_count = 2,
        .shown = pictures,
        .shown_count = 2,
        .drift = {.verdict = hostile,
                  .missing = hostile,
                  .watched = hostile,
                  .fit = {.tensors = 1},
                  .ranges = ranges,
                  .svg = svg},
        .study = {.is_there = true,
                  .labelled = true,
                  .rows = rows,
                  .row_count = 2,
                  .verdicts = verdicts,
                  .verdict_count = 1,
                  .svg = svg},
        .command = "octet report " HOSTILE,
    };
}

static struct html make_page(void)
{
    const struct report_layer layers[] = {layer("/model.0/conv", OCTET_PRECISION_INT8, 38.5),
                                          layer("/model.1/conv", OCTET_PRECISION_INT8, 12.25),
                                          layer("/model.1/act", OCTET_PRECISION_FP32, NAN),
                                          layer(HOSTILE, OCTET_PRECISION_BF16, 60)};
    const struct report_data data = full_data(layers, 4);
    struct html html = {0};
    report_page_write(&html, &data);
    return html;
}

/* As little as a page can have: nothing was found, and nothing is known. */
static struct html make_bare_page(void)
{
    const struct report_data data = {.title = "",
                                     .subtitle = "",
                                     .verdict = svg,
                                     .reasons = svg,
                                     .agreement = {.ap = -1, .ap50 = -1, .ap75 = -1},
                                     .command = ""};
    struct html html = {0};
    report_page_write(&html, &data);
    return html;
}

/* ---- a strict reader: every element is closed in its turn ---- */

#define DEPTH 64

static bool is_void(const char *name)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "img") == 0 || strcmp(name, "input") == 0 ||
           strcmp(name, "br") == 0;
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

static void check_well_formed(struct html html)
{
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

static void page_is_well_formed(void **state)
{
    (void)state;
    check_well_formed(make_page());
    check_well_formed(make_bare_page());
}

/* One h1, and no level of headings is left out. */
static void headings_are_in_order(void **state)
{
    (void)state;
    struct html pages[] = {make_page(), make_bare_page()};
    for (int i = 0; i < 2; i++) {
        int level = 0, firsts = 0;
        for (const char *at = pages[i].bytes; (at = strstr(at, "<h")); at++) {
            if (at[2] < '1' || at[2] > '6')
                continue;
            assert_true(at[2] - '0' <= level + 1);
            level = at[2] - '0';
            firsts += level == 1;
        }
        assert_int_equal(firsts, 1);
        free(pages[i].bytes);
    }
}

static size_t times(const char *text, const char *part)
{
    size_t found = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        found++;
    return found;
}

/* What people who do not see the page rely on. */
static void parts_have_names(void **state)
{
    (void)state;
    struct html html = make_page();
    assert_int_equal(times(html.bytes, "<img "), times(html.bytes, " alt=\""));
    assert_null(strstr(html.bytes, " alt=\"\""));
    assert_int_equal(times(html.bytes, "<table"), times(html.bytes, "<caption>"));
    assert_int_equal(times(html.bytes, "<th>"), 0);
    assert_int_equal(times(html.bytes, "<svg"), times(html.bytes, "role=\"img\"><title>"));
    assert_int_equal(times(html.bytes, "<input"), times(html.bytes, "<label for="));
    for (size_t i = 0; i < 4; i++) {
        static const char *const landmarks[] = {"<header>", "<main>", "<footer>",
                                                "<nav aria-label"};
        assert_int_equal(times(html.bytes, landmarks[i]), 1);
    }
    assert_non_null(strstr(html.bytes, "<html lang=\"en\">"));
    free(html.bytes);
}

/* The page allows its own script alone, by its hash, which is what a browser works out. */
static void policy_is_strict(void **state)
{
    (void)state;
    struct html html = make_page();
    const char *policy = strstr(html.bytes, "Content-Security-Policy");
    assert_non_null(policy);
    assert_true(policy < strstr(html.bytes, "<style"));
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_non_null(strstr(policy, "script-src 'sha256-"));
    assert_int_equal(strcspn(strstr(policy, "sha256-") + 7, "'"), 44);
    assert_int_equal(times(html.bytes, "<script"), 1);
    assert_null(strstr(html.bytes, "javascript:"));
    free(html.bytes);
}

static void names_stay_text(void **state)
{
    (void)state;
    struct html html = make_page();
    assert_null(strstr(html.bytes, "<b onload"));
    assert_null(strstr(html.bytes, "<!--"));
    assert_null(strstr(html.bytes, "\xe2\x80\xae"));
    assert_non_null(
        strstr(html.bytes, "&lt;/script&gt;&lt;/style&gt;&lt;b onload=&quot;x&quot;&gt;&amp;amp;"));
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
    assert_non_null(strstr(html.bytes, "src=\"data:image/jpeg;base64,/9j/\""));
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
        cmocka_unit_test(ids_are_unique_and_there), cmocka_unit_test(headings_are_in_order),
        cmocka_unit_test(parts_have_names),         cmocka_unit_test(policy_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
