/* SPDX-License-Identifier: Apache-2.0 */
/* Results of one engine compared to the bit, from settings to settings. */
#include "same_bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models.h"

struct test_bits test_bits_of(octet_context *ctx, const octet_engine *engine,
                              const octet_session_settings *settings, const octet_image *image)
{
    octet_session *session;
    if (octet_session_open(ctx, engine, settings, &session) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_info info;
    octet_engine_info(engine, &info);
    const int slot = settings->batch - 1;
    struct test_bits result = {.count = (size_t)octet_session_anchor_count(session) *
                                        (size_t)(4 + info.class_count)};
    result.output = malloc(result.count * sizeof *result.output);
    assert_non_null(result.output);
    memset(result.boxes, 0, sizeof result.boxes);
    assert_int_equal(octet_session_set_image(session, slot, image), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_output(session, slot, result.output), OCTET_OK);
    assert_int_equal(
        octet_session_detect(session, slot, NULL, result.boxes, 300, &result.box_count), OCTET_OK);
    octet_session_close(&session);
    return result;
}

void test_expect_bits(octet_context *ctx, const octet_engine *engine,
                      octet_session_settings settings, const octet_image *image,
                      const struct test_bits *expected)
{
    struct test_bits result = test_bits_of(ctx, engine, &settings, image);
    if (result.box_count != expected->box_count ||
        memcmp(result.boxes, expected->boxes, sizeof result.boxes) != 0 ||
        memcmp(result.output, expected->output, result.count * sizeof *result.output) != 0)
        fail_msg("%dx%d, %s, %d threads, batch %d differs", settings.height, settings.width,
                 settings.cpu, settings.threads, settings.batch);
    free(result.output);
}

void test_same_bits(octet_context *ctx, const octet_engine *engine, int height, int width,
                    const char *picture)
{
    octet_image *image = test_data_image(ctx, picture);
    octet_machine machine;
    octet_machine_get(&machine);
    const octet_session_settings plain = {
        .height = height, .width = width, .batch = 1, .threads = 1, .cpu = "ref"};
    const struct test_bits expected = test_bits_of(ctx, engine, &plain, image);
    assert_true(expected.box_count > 0);
    int sets = 0;
    for (char *rest, *set = strtok_r(machine.kernel_sets, " ", &rest); set;
         set = strtok_r(NULL, " ", &rest), sets++) {
        octet_session_settings settings = plain;
        settings.cpu = set;
        test_expect_bits(ctx, engine, settings, image, &expected);
        settings.threads = 2;
        test_expect_bits(ctx, engine, settings, image, &expected);
        settings.batch = 4;
        test_expect_bits(ctx, engine, settings, image, &expected);
    }
    print_message("    %dx%d: %d boxes, the same on %d kernel sets\n", height, width,
                  expected.box_count, sets);
    assert_true(sets >= 1);
    free(expected.output);
    octet_image_free(&image);
}
