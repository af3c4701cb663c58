/* SPDX-License-Identifier: Apache-2.0 */
/* safetensors: what was written is read back, and nothing damaged is read at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "random.h"
#include "runtime/container/safetensors.h"

static struct test_context test;
static struct oct_arena arena;
static struct oct_safetensors parsed;

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
static octet_status parse(const void *bytes, size_t size)
{
    void *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    oct_arena_clear(&arena);
    test.context.message[0] = '\0';
    const octet_status status =
        oct_safetensors_parse(&test.context, &arena, copy, size, "file.x", &parsed);
    if (status) {
        assert_non_null(strstr(test.context.message, "file.x"));
        assert_null(strchr(test.context.message, '\n'));
    }
    free(copy);
    return status;
}

/* A file of a header's text and `data_size` bytes. */
static octet_status parse_header(const char *header, size_t data_size)
{
    const size_t length = strlen(header);
    uint8_t *file = calloc(8 + length + data_size, 1);
    assert_non_null(file);
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)length >> (8 * i));
    memcpy(file + 8, header, length);
    const octet_status status = parse(file, 8 + length + data_size);
    free(file);
    return status;
}

static const int8_t codes[6] = {-128, -1, 0, 1, 2, 127};
static const float values[3] = {1.5f, -2.25f, 1e30f};
static const uint64_t counts[2] = {UINT64_MAX, 7};

static octet_status read_again(octet_context *ctx, const void *bytes, size_t size, const char *name)
{
    struct oct_arena scratch;
    struct oct_safetensors again;
    oct_arena_init(&scratch, ctx);
    const octet_status status = oct_safetensors_parse(ctx, &scratch, bytes, size, name, &again);
    oct_arena_clear(&scratch);
    return status;
}

static unsigned char *sample(size_t *size)
{
    const char *keys[] = {"octet.kind", "quotes"};
    const char *texts[] = {"sample", "\"\\\n\xc3\xa9"};
    struct oct_safetensors_tensor tensors[] = {
        {"codes", OCT_SAFETENSORS_I8, 2, {2, 3}, 6, (const uint8_t *)codes},
        {"values", OCT_SAFETENSORS_F32, 1, {3}, 12, (const uint8_t *)values},
        {"empty", OCT_SAFETENSORS_F64, 2, {0, 5}, 0, (const uint8_t *)values},
        {"counts", OCT_SAFETENSORS_U64, 1, {2}, 16, (const uint8_t *)counts},
        {"scalar", OCT_SAFETENSORS_I32, 0, {0}, 4, (const uint8_t *)values},
    };
    const struct oct_safetensors contents = {5, 2, tensors, keys, texts};
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    assert_int_equal(oct_safetensors_write(&test.context, path, &contents, read_again), OCTET_OK);
    unsigned char *bytes = test_read_file(path, size);
    test_folder_remove(folder);
    return bytes;
}

static void round_trip(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = sample(&size);
    assert_int_equal(bytes[8], '{');
    uint64_t length = 0;
    memcpy(&length, bytes, 8);
    assert_int_equal(length % 8, 0); /* tensors of 8 bytes are aligned in the file */
    assert_int_equal(size, 8 + length + 38);
    assert_int_equal(oct_safetensors_parse(&test.context, &arena, bytes, size, "file.x", &parsed),
                     OCTET_OK);
    assert_int_equal(parsed.tensor_count, 5);
    assert_int_equal(parsed.metadata_count, 2);
    assert_string_equal(oct_safetensors_metadata(&parsed, "octet.kind"), "sample");
    assert_string_equal(oct_safetensors_metadata(&parsed, "quotes"), "\"\\\n\xc3\xa9");
    assert_null(oct_safetensors_metadata(&parsed, "none"));
    assert_null(oct_safetensors_find(&parsed, "none"));
    const struct oct_safetensors_tensor *t = oct_safetensors_find(&parsed, "codes");
    assert_int_equal(t->type, OCT_SAFETENSORS_I8);
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->shape[0], 2);
    assert_int_equal(t->shape[1], 3);
    assert_int_equal(t->size, 6);
    assert_memory_equal(t->bytes, codes, 6);
    t = oct_safetensors_find(&parsed, "counts");
    assert_int_equal(t->type, OCT_SAFETENSORS_U64);
    assert_memory_equal(t->bytes, counts, 16);
    t = oct_safetensors_find(&parsed, "empty");
    assert_int_equal(t->size, 0);
    t = oct_safetensors_find(&parsed, "scalar");
    assert_int_equal(t->rank, 0);
    assert_int_equal(t->size, 4);
    free(bytes);
}

static void truncation(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = sample(&size);
    for (size_t length = 0; length < size; length++) {
        const octet_status status = parse(bytes, length);
        if (status != OCTET_BAD_FORMAT && (status != OCTET_UNKNOWN_FORMAT || length >= 8))
            fail_msg("cut to %zu of %zu bytes: %s", length, size, octet_status_name(status));
    }
    free(bytes);
}

static void flipped_bits(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = sample(&size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        parse(bytes, size);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_int_equal(parse(bytes, size), OCTET_OK);
    free(bytes);
}

#define T(type, shape, offsets)                                                                    \
    "{\"a\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second)                                                                         \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first "},\"b\":{\"dtype\":\"U8\","  \
    "\"shape\":[4],\"data_offsets\":" second "}}"

static void headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        octet_status status;
    } cases[] = {
        {"{}", 0, OCTET_OK},
        {"{}      ", 0, OCTET_OK},
        {T("U8", "[4]", "[0,4]"), 4, OCTET_OK},
        {T("BF16", "[2]", "[0,4]"), 4, OCTET_OK},
        {TWO("[4,8]", "[0,4]"), 8, OCTET_OK},           /* in any order */
        {T("U8", "[4]", "[0,4]"), 9, OCTET_BAD_FORMAT}, /* the tensors are all there is */
        {T("U8", "[4]", "[4,8]"), 8, OCTET_BAD_FORMAT},
        {TWO("[0,4]", "[5,9]"), 9, OCTET_BAD_FORMAT},
        {"{}", 1, OCTET_BAD_FORMAT},
        {"{\"__metadata__\":{}}", 0, OCTET_OK},
        {"{\"__metadata__\":{\"a\":\"b\"}}", 0, OCTET_OK},
        {T("F8", "[4]", "[0,4]"), 4, OCTET_BAD_FORMAT},
        {T("", "[4]", "[0,4]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "[0,4]"), 3, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "[0,5]"), 5, OCTET_BAD_FORMAT},
        {T("F32", "[4]", "[0,4]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "[4,0]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "[-4,0]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[-4]", "[0,4]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4.0]", "[0,4]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "4", "[0,4]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[\"4\"]", "[0,4]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "[0,4,4]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "[0]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "{}"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "[0,9223372036854775807]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4]", "[0,99999999999999999999]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[4294967296,4294967296]", "[0,0]"), 4, OCTET_BAD_FORMAT},
        {T("U64", "[2305843009213693952]", "[0,0]"), 4, OCTET_BAD_FORMAT},
        {T("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, OCTET_BAD_FORMAT},
        {TWO("[0,4]", "[3,7]"), 8, OCTET_BAD_FORMAT},
        {TWO("[3,7]", "[0,4]"), 8, OCTET_BAD_FORMAT},
        {TWO("[0,4]", "[0,4]"), 8, OCTET_BAD_FORMAT},
        {"{\"a\":{}}", 0, OCTET_BAD_FORMAT},
        {"{\"a\":[]}", 0, OCTET_BAD_FORMAT},
        {"{\"a\":null}", 0, OCTET_BAD_FORMAT},
        {"{\"__metadata__\":[]}", 0, OCTET_BAD_FORMAT},
        {"{\"__metadata__\":{\"a\":1}}", 0, OCTET_BAD_FORMAT},
        {"{\"__metadata__\":{\"a\":\"\xff\"}}", 0, OCTET_BAD_FORMAT},
        {"{\"__metadata__\":{\"a\":\"\\u0000\"}}", 0, OCTET_BAD_FORMAT},
        {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, OCTET_BAD_FORMAT},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, OCTET_BAD_FORMAT},
        {"{} {}", 0, OCTET_BAD_FORMAT},
        {"{\"a\":", 0, OCTET_BAD_FORMAT},
        {"{,}", 0, OCTET_BAD_FORMAT},
        {"[]", 0, OCTET_UNKNOWN_FORMAT},
        {" {}", 0, OCTET_UNKNOWN_FORMAT},
        {"{", 0, OCTET_UNKNOWN_FORMAT},
        {"", 100, OCTET_UNKNOWN_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const octet_status status = parse_header(cases[i].header, cases[i].data);
        if (status != cases[i].status)
            fail_msg("%s: %s, not %s (%s)", cases[i].header, octet_status_name(status),
                     octet_status_name(cases[i].status), test.context.message);
    }
}

static void header_length(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {0,         1,          UINT64_MAX, (uint64_t)1 << 63,
                                       67108865u, 0xfffffff7, 100};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t file[64] = {0};
        for (int b = 0; b < 8; b++)
            file[b] = (uint8_t)(lengths[i] >> (8 * b));
        memset(file + 8, ' ', sizeof file - 8);
        file[8] = '{';
        assert_int_equal(parse(file, sizeof file),
                         lengths[i] == 100 ? OCTET_BAD_FORMAT : OCTET_UNKNOWN_FORMAT);
    }
}

static void deep_json(void **state)
{
    (void)state;
    enum { DEPTH = 2000000 };
    static const char *const opening[] = {"[", "{\"a\":"};
    for (int kind = 0; kind < 2; kind++) {
        const size_t length = strlen(opening[kind]);
        char *header = malloc(DEPTH * length + 8);
        assert_non_null(header);
        strcpy(header, "{\"a\":");
        for (size_t i = 0; i < DEPTH; i++)
            memcpy(header + 5 + i * length, opening[kind], length);
        header[5 + DEPTH * length] = '\0';
        assert_int_equal(parse_header(header, 0), OCTET_BAD_FORMAT);
        free(header);
    }
}

/* Tensors in the reverse order of their bytes. */
static octet_status parse_reversed(int count)
{
    enum { ENTRY = 80 };
    char *header = malloc((size_t)count * ENTRY + 2), *to = header;
    assert_non_null(header);
    *to++ = '{';
    for (int i = 0; i < count; i++)
        to += sprintf(to, "%s\"%06x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}",
                      i ? "," : "", i, count - 1 - i, count - i);
    strcpy(to, "}");
    const octet_status status = parse_header(header, (size_t)count);
    free(header);
    return status;
}

/* Hostile numbers of tensors end at once: quadratic work would run into the time limit. */
static void many_tensors(void **state)
{
    (void)state;
    assert_int_equal(parse_reversed(60000), OCTET_OK);
    assert_int_equal(parsed.tensor_count, 60000);
    assert_int_equal(parse_reversed(400000), OCTET_BAD_FORMAT);
}

static void random_damage(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = sample(&size), *copy = malloc(size);
    assert_non_null(copy);
    struct test_random random = test_random_of(1);
    for (int i = 0; i < 5000; i++) {
        memcpy(copy, bytes, size);
        for (int flips = test_int(&random, 1, 6); flips > 0; flips--)
            copy[test_int(&random, 0, (int)size - 1)] = (unsigned char)test_bits(&random);
        parse(copy, size);
    }
    free(copy);
    free(bytes);
}

static void cannot_write(void **state)
{
    (void)state;
    struct oct_safetensors_tensor tensor = {"a", OCT_SAFETENSORS_U8, 1, {1}, 1, (uint8_t *)"x"};
    const struct oct_safetensors contents = {1, 0, &tensor, NULL, NULL};
    assert_int_equal(oct_safetensors_write(&test.context, "/none/of/these", &contents, read_again),
                     OCTET_FILE_WRITE);
    for (int fail_at = 0; fail_at < 2; fail_at++) {
        test.calls = 0;
        test.fail_at = fail_at;
        assert_int_equal(
            oct_safetensors_write(&test.context, "/none/of/these", &contents, read_again),
            OCTET_OUT_OF_MEMORY);
    }
}

static void memory(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = sample(&size);
    for (int n = 0;; n++) {
        test.calls = 0;
        test.fail_at = n;
        const octet_status status = parse(bytes, size);
        if (!status)
            break;
        assert_int_equal(status, OCTET_OUT_OF_MEMORY);
        assert_true(n < 100);
    }
    free(bytes);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(round_trip), TEST(truncation),   TEST(flipped_bits),  TEST(headers),
        TEST(deep_json),  TEST(many_tensors), TEST(header_length), TEST(random_damage),
        TEST(memory),     TEST(cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
