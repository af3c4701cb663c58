/* SPDX-License-Identifier: Apache-2.0 */
/* Layers' names in short, of exporters and of nobody's making. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/report_layer_name.h"

static void short_names(void **state)
{
    static const struct {
        const char *name, *wanted;
    } names[] = {
        {"/model.0/act/Mul_output_0", "model.0"},
        {"/model.2/m.0/cv1/act/Mul_output_0", "model.2/m.0/cv1"},
        {"/model.2/m.0/Add_output_0", "model.2/m.0/Add"},
        {"/model.9/m_1/MaxPool_output_0", "model.9/m_1/MaxPool"},
        {"/model.22/cv2.0/cv2.0.2/Conv_output_0", "model.22/cv2.0.2"},
        {"/model.22/cv2.0/cv2.0.1/act/Mul_output_0", "model.22/cv2.0.1"},
        {"images", "images"},
        {"", ""},
        {"/", "/"},
        {"//", "/"},
        {"_output_0", "_output_0"},
        {"/Conv", "Conv"},
        {"a/a.a/a.a.a", "a.a.a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *text = layer_name_short(names[i].name);
        assert_string_equal(text, names[i].wanted);
        free(text);
    }
}

static void parts(void **state)
{
    static const struct {
        const char *name, *one, *two;
    } names[] = {
        {"/model.2/m.0/cv1/act/Mul_output_0", "model.2", "model.2/m"},
        {"/model.22/cv3.1/cv3.1.2/Conv_output_0", "model.22", "model.22/cv3"},
        {"/model.0/act/Mul_output_0", "model.0", "model.0"},
        {"/model.23/.x/y", "model.23", "model.23/.x"},
        {"images", "images", "images"},
        {"", "", ""},
        {"a/", "a", "a/"},
        {"\x1b[31m/b", "?[31m", "?[31m/b"},
        {"abcdefghijklmnopqrstuvwxyz\xc3\xa9\xc3\xa9\xc3\xa9/z",
         "abcdefghijklmnopqrstuvwxyz\xc3\xa9", "abcdefghijklmnopqrstuvwxyz\xc3\xa9"},
    };
    char part[30];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        layer_name_part(names[i].name, 1, part, sizeof part);
        assert_string_equal(part, names[i].one);
        layer_name_part(names[i].name, 2, part, sizeof part);
        assert_string_equal(part, names[i].two);
    }
}

static void fits(void **state)
{
    (void)state;
    char *text = layer_name_fit("model.12", 10);
    assert_string_equal(text, "12");
    free(text);
    text = layer_name_fit("model.23/one2one_cv2", 20);
    assert_string_equal(text, "23/cv2");
    free(text);
    text = layer_name_fit("model.", 1);
    assert_string_equal(text, "model.");
    free(text);
    text = layer_name_fit("a long name that nobody can read", 10);
    assert_in_range(strlen(text), 8, 10);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_names),
        cmocka_unit_test(parts),
        cmocka_unit_test(fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
