/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict: by labels where there are any, else by agreement, and never by too little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/report_judge.h"

static char checked[] = "a line of calibrate --check";

struct example {
    size_t pictures;
    double agreement, ap_float, ap_engine; /* ap_float 0: no labels */
    octet_precision precision;
    bool has_drifted;
    enum report_mood mood;
    const char *verdict, *advice; /* what stands in them; advice NULL: none */
};

#define INT8 OCTET_PRECISION_INT8
static const struct example examples[] = {
    {16, 0.99, 0, 0, INT8, false, REPORT_GOOD, "finds what", NULL},
    {8, 0.95, 0, 0, INT8, false, REPORT_GOOD, "finds what", NULL},
    {16, 0.949, 0, 0, INT8, false, REPORT_WARN, "differs", "--float-layers auto"},
    {16, 0.90, 0, 0, OCTET_PRECISION_MIXED, false, REPORT_WARN, "differs", "--float-layers auto"},
    {16, 0.899, 0, 0, INT8, false, REPORT_BAD, "did harm", "--float-layers auto"},
    {16, 0.5, 0, 0, INT8, true, REPORT_BAD, "did harm", "Calibrate"},
    {16, 0.99, 0, 0, INT8, true, REPORT_WARN, "do not fit", "Calibrate"},
    /* labels are what counts */
    {16, 0.80, 0.40, 0.395, INT8, false, REPORT_GOOD, "finds what", NULL},
    {16, 0.99, 0.40, 0.385, INT8, false, REPORT_WARN, "differs", "--float-layers auto"},
    {16, 0.99, 0.40, 0.36, INT8, false, REPORT_BAD, "did harm", "--float-layers auto"},
    {16, -1, 0.40, 0.40, INT8, false, REPORT_GOOD, "finds what", NULL},
    {16, 0.99, 0.40, 0.42, INT8, false, REPORT_GOOD, "finds what", NULL},
    /* no verdict */
    {7, 0.10, 0, 0, INT8, false, REPORT_WARN, "Too few", "50 or more"},
    {7, 0.99, 0.40, 0.30, INT8, false, REPORT_WARN, "Too few", "50 or more"},
    {16, -1, 0, 0, INT8, false, REPORT_WARN, "No verdict", "50 or more"},
    {16, 1, 0, 0, OCTET_PRECISION_FP32, false, REPORT_GOOD, "in float", "makes an INT8"},
    {16, 1, 0, 0, OCTET_PRECISION_BF16, false, REPORT_GOOD, "in bfloat16", "makes an INT8"},
};

static struct report_data judge(const struct example *example, const struct report_speed *speeds)
{
    struct report_data data = {.pictures = example->pictures,
                               .agreement = {.ap = example->agreement},
                               .info = {.precision = example->precision},
                               .speeds = speeds,
                               .speed_count = 2};
    if (example->ap_float > 0) {
        data.labels.source = "labels.json";
        data.labels.all[0].ap = example->ap_float;
        data.labels.all[1].ap = example->ap_engine;
    }
    data.drift.verdict = checked;
    data.drift.fit.fits = !example->has_drifted;
    report_judge(&data);
    return data;
}

static void release(struct report_data *data)
{
    free(data->verdict);
    free(data->reasons);
    free(data->advice);
}

static void verdicts(void **state)
{
    static const struct report_speed speeds[] = {{"float", 30, 31, 12000, false},
                                                 {"INT8", 10, 11, 3000, true}};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *example = &examples[i];
        struct report_data data = judge(example, speeds);
        if (data.mood != example->mood || !strstr(data.verdict, example->verdict))
            fail_msg("example %zu: mood %d, %s", i, (int)data.mood, data.verdict);
        if (example->advice ? !data.advice || !strstr(data.advice, example->advice)
                            : data.advice != NULL)
            fail_msg("example %zu: %s", i, data.advice ? data.advice : "no advice");
        assert_non_null(strstr(data.reasons, "3.0 times as fast"));
        assert_non_null(strstr(data.reasons, "4.0 times smaller"));
        assert_int_equal(strstr(data.reasons, "AP against labels") != NULL, example->ap_float > 0);
        assert_int_equal(strstr(data.reasons, "do not fit") != NULL, example->has_drifted);
        release(&data);
    }
}

/* INT8 that is no faster is told of, and nothing is divided by nothing. */
static void slow_machines(void **state)
{
    static const struct report_speed slow[] = {{"float", 10, 11, 12000, false},
                                               {"INT8", 10, 11, 3000, true}};
    static const struct report_speed none[] = {{"float", 0, 0, 0, false}, {"INT8", 0, 0, 0, true}};
    (void)state;
    struct report_data data = judge(&examples[0], slow);
    assert_non_null(data.advice);
    assert_non_null(strstr(data.advice, "octet doctor"));
    release(&data);
    data = judge(&examples[0], none);
    assert_null(data.advice);
    assert_null(strstr(data.reasons, "times"));
    release(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(verdicts), cmocka_unit_test(slow_machines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
