/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in and out, and UTF-8. */
#include <float.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/json.h"
#include "base/utf8.h"
#include "counting_context.h"
#include "random.h"

static struct test_context test;
static struct oct_arena arena;

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    oct_arena_init(&arena, &test.context);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    oct_arena_clear(&arena);
    return test.live;
}

/* Parses a copy of the very size, so that a sanitizer sees a read past its end. */
static octet_status parse(const char *text, size_t size, const struct oct_json_value **value)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    const octet_status status = oct_json_parse(&arena, copy, size, "text", value);
    assert_int_equal(status == OCTET_OK, *value != NULL);
    free(copy);
    return status;
}

static const struct oct_json_value *value_of(const char *text)
{
    const struct oct_json_value *value;
    if (parse(text, strlen(text), &value) != OCTET_OK)
        fail_msg("%s: %s", text, test.context.message);
    return value;
}

static void values(void **state)
{
    (void)state;
    assert_int_equal(value_of(" null ")->kind, OCT_JSON_NULL);
    assert_true(value_of("true")->boolean);
    assert_false(value_of("false")->boolean);
    assert_int_equal(value_of("-0")->integer, 0);
    assert_true(value_of("9223372036854775807")->integer == INT64_MAX);
    assert_true(value_of("-9223372036854775808")->integer == INT64_MIN);
    assert_int_equal(value_of("12")->kind, OCT_JSON_INTEGER);
    assert_int_equal(value_of("12.0")->kind, OCT_JSON_REAL);
    assert_true(value_of("-1.5e+2")->real == -150.0);
    assert_true(value_of("1E-2")->real == 0.01);
    assert_true(value_of("0.12345678901234567890123456789")->real == 0.12345678901234568);
    assert_true(value_of("1e-400")->real == 0.0);
    assert_string_equal(value_of("\"a\\u00e9\\ud83d\\ude00\\n\\/\\\"\xc3\xa9\"")->text,
                        "a\xc3\xa9\xf0\x9f\x98\x80\n/\"\xc3\xa9");
    const struct oct_json_value *list = value_of("[1, [ ], {\"a\":{},\"b\":[2]}\t]\r\n");
    assert_int_equal(list->count, 3);
    const struct oct_json_value *object = list->first->next->next;
    assert_null(object->next);
    assert_int_equal(oct_json_find(object, "b")->first->integer, 2);
    assert_null(oct_json_find(object, "c"));
    assert_null(oct_json_find(list, "a"));
    assert_null(oct_json_find(NULL, "a"));
}

static void refusals(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "nul",
        "True",
        "+1",
        "01",
        "1.",
        ".5",
        "1e",
        "-",
        "0x10",
        "NaN",
        "Infinity",
        "1e400",
        "-1e999",
        "[1,]",
        "[1 2]",
        "[",
        "]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":1",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u00g0\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\u0000\"",
        "\"\n\"",
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xed\xa0\x80\"",
        "\"\xc0\x80\"",
        "1 2",
        "'a'",
        "9223372036854775808",
        "-9223372036854775809",
        "{\"a\":1,\"a\":2}",
    };
    const struct oct_json_value *value;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        test.context.message[0] = '\0';
        if (parse(texts[i], strlen(texts[i]), &value) != OCTET_BAD_FORMAT)
            fail_msg("taken: %s", texts[i]);
        assert_memory_equal(test.context.message, "text: byte ", 11);
    }
    assert_int_equal(parse("\"a\0b\"", 5, &value), OCTET_BAD_FORMAT);
    char deep[300];
    memset(deep, '[', sizeof deep);
    assert_int_equal(parse(deep, sizeof deep, &value), OCTET_BAD_FORMAT);
    memset(deep, '1', sizeof deep);
    assert_int_equal(parse(deep, sizeof deep, &value), OCTET_BAD_FORMAT);
}

/* Many members: a key that is there twice is found wherever the two stand. */
static void same_keys(void **state)
{
    (void)state;
    for (int count = 2; count < 100; count += 9) {
        struct oct_text text;
        const struct oct_json_value *value;
        oct_text_init(&text, &test.context);
        oct_text_add(&text, "{", 1);
        for (int i = 0; i < count; i++)
            oct_text_printf(&text, "%s\"%d\":0", i ? "," : "", i * 7 % 101);
        const size_t length = text.length;
        oct_text_add(&text, "}", 1);
        assert_int_equal(parse(text.bytes, text.length, &value), OCTET_OK);
        assert_int_equal(value->count, count);
        text.length = length;
        oct_text_printf(&text, ",\"0\":1}");
        assert_int_equal(parse(text.bytes, text.length, &value), OCTET_BAD_FORMAT);
        assert_non_null(strstr(test.context.message, "\"0\" is there twice"));
        oct_text_free(&text);
    }
}

static void lack_of_memory(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,2.5,\"text\",{\"b\":null}],\"c\":true}";
    for (int n = 0;; n++) {
        const struct oct_json_value *value;
        oct_arena_clear(&arena);
        test.fail_at = test.calls + n;
        const octet_status status = parse(text, sizeof text - 1, &value);
        if (status == OCTET_OK) {
            assert_true(n > 0);
            return;
        }
        assert_int_equal(status, OCTET_OUT_OF_MEMORY);
    }
}

static void expect_written(double number, const char *expected)
{
    struct oct_text text;
    oct_text_init(&text, &test.context);
    oct_json_add_real(&text, number);
    assert_string_equal(text.bytes, expected);
    assert_true(value_of(text.bytes)->real == number);
    oct_text_free(&text);
}

static void writing(void **state)
{
    (void)state;
    const char *const comma = setlocale(LC_NUMERIC, "de_DE.UTF-8"); /* where it is installed */
    expect_written(0.0, "0.0");
    expect_written(1.0, "1.0");
    expect_written(-2.5, "-2.5");
    expect_written(1e20, "1e20");
    expect_written(1e-5, "1.0000000000000001e-5");
    expect_written(DBL_MAX, "1.7976931348623157e308");
    expect_written((double)0.1f, "0.10000000149011612");
    if (comma)
        setlocale(LC_NUMERIC, "C");
    struct oct_text text;
    oct_text_init(&text, &test.context);
    oct_json_add_text(&text, "a\"\\\n\x01\x7f/\xc3\xa9");
    assert_string_equal(text.bytes, "\"a\\\"\\\\\\n\\u0001\x7f/\xc3\xa9\"");
    text.length = 0;
    oct_json_add_text(&text, "\xff");
    assert_string_equal(text.bytes, "\"?\"");
    oct_text_free(&text);
}

/* Numbers and texts are written as jansson writes them, with which files were written before. */
static void as_before(void **state)
{
    (void)state;
    struct test_random random = test_random_of(1);
    for (int i = 0; i < 20000; i++) {
        struct oct_text text;
        uint64_t bits = (uint64_t)test_bits(&random) << 32 | test_bits(&random);
        double number;
        memcpy(&number, &bits, sizeof number);
        if (i % 3 == 0)
            number = (double)(float)test_int(&random, -100000, 100000) / 128;
        json_t *real = json_real(number);
        if (!real)
            continue; /* not finite */
        char *expected = json_dumps(real, JSON_ENCODE_ANY);
        oct_text_init(&text, &test.context);
        oct_json_add_real(&text, number);
        assert_string_equal(text.bytes, expected);
        oct_text_free(&text);
        free(expected);
        json_decref(real);
    }
}

static void utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", true},
        {"\xef\xbf\xbf\xf4\x8f\xbf\xbf", true},
        {"\x80", false},
        {"\xc3", false},
        {"\xc3(", false},
        {"\xc1\xbf", false},
        {"\xe0\x9f\xbf", false},
        {"\xed\xa0\x80", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xe2\x82", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (oct_utf8_valid(cases[i].text) != cases[i].valid)
            fail_msg("case %zu", i);
    for (uint32_t code = 1; code <= 0x10ffff; code += code < 0x3000 ? 1 : 97) {
        char bytes[5] = {0};
        const size_t size = oct_utf8_put(bytes, code);
        const bool surrogate = code >= 0xd800 && code < 0xe000;
        assert_int_equal(oct_utf8_size(bytes, size), surrogate ? 0 : size);
        assert_int_equal(oct_utf8_size(bytes, size - 1), 0);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values),  TEST(refusals),  TEST(same_keys), TEST(lack_of_memory),
        TEST(writing), TEST(as_before), TEST(utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
