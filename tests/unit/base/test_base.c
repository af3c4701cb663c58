/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, arenas, text, the reader, SHA-256, threads, messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/cores.h"
#include "base/reader.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/threads.h"
#include "counting_context.h"
#include "random.h"

static struct test_context test;

static void allocation(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    uint8_t *bytes = oct_calloc(ctx, 100, 3);
    assert_non_null(bytes);
    assert_int_equal((uintptr_t)bytes % OCT_ALIGNMENT, 0);
    for (int i = 0; i < 300; i++)
        assert_int_equal(bytes[i], 0);
    oct_free(ctx, bytes);
    oct_free(ctx, NULL);
    char *nothing = oct_malloc(ctx, 0, 8);
    assert_non_null(nothing);
    nothing[0] = 1; /* at least one byte */
    oct_free(ctx, nothing);
    const int calls = test.calls;
    assert_null(oct_malloc(ctx, SIZE_MAX, 2));
    assert_null(oct_malloc(ctx, SIZE_MAX / 2, 1));
    assert_null(oct_calloc(ctx, SIZE_MAX / 4 + 1, 4));
    assert_null(oct_strndup(ctx, "text", SIZE_MAX));
    assert_int_equal(test.calls, calls); /* the allocator is not even asked */
    char *text = oct_strndup(ctx, "letters", 3);
    assert_string_equal(text, "let");
    oct_free(ctx, text);
    text = oct_strdup(ctx, "");
    assert_string_equal(text, "");
    oct_free(ctx, text);
}

/* Pages of the system's where the allocator is octet's, whatever the size; another's memory where
 * it is not. */
static void pages(void **state)
{
    (void)state;
    octet_context own = {.message = ""};
    octet_context *const contexts[] = {&own, &test.context};
    oct_allocator_default(&own.allocator);
    static const size_t sizes[] = {1, 4096, (2 << 20) - 1, 2 << 20, (5 << 20) + 4097};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        octet_context *ctx = contexts[i % 2];
        const size_t bytes = sizes[i / 2];
        const int live = test.live;
        uint8_t *first = oct_pages_take(ctx, bytes), *second = oct_pages_take(ctx, bytes);
        assert_non_null(first);
        assert_non_null(second);
        assert_int_equal((uintptr_t)first % OCT_ALIGNMENT, 0);
        assert_int_equal(test.live, live + (ctx == &test.context ? 2 : 0));
        size_t sum = 0;
        for (size_t k = 0; k < bytes; k++)
            sum += first[k] + (size_t)second[k];
        assert_int_equal(sum, 0);
        memset(first, 1, bytes);
        memset(second, 2, bytes);
        assert_int_equal(first[bytes - 1], 1);
        oct_pages_give(ctx, first, bytes);
        assert_int_equal(second[0], 2); /* what is beside is still there */
        assert_int_equal(second[bytes - 1], 2);
        oct_pages_give(ctx, second, bytes);
        oct_pages_give(ctx, NULL, bytes);
        assert_int_equal(test.live, live);
        assert_null(oct_pages_take(ctx, PTRDIFF_MAX));
        assert_null(oct_pages_take(ctx, SIZE_MAX));
        assert_null(oct_pages_take(ctx, SIZE_MAX / 4));
    }
}

static void checked_arithmetic(void **state)
{
    (void)state;
    size_t n;
    assert_true(oct_mul(0, SIZE_MAX, &n) && n == 0);
    assert_true(oct_mul(SIZE_MAX / 3, 3, &n) && n == SIZE_MAX / 3 * 3);
    assert_false(oct_mul(SIZE_MAX / 2 + 1, 2, &n));
    assert_true(oct_add(SIZE_MAX, 0, &n) && n == SIZE_MAX);
    assert_false(oct_add(SIZE_MAX, 1, &n));
    assert_int_equal(oct_align(0, 64), 0);
    assert_int_equal(oct_align(1, 64), 64);
    assert_int_equal(oct_align(64, 64), 64);
    assert_int_equal(oct_align(65, 64), 128);
}

static void growing(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    int *array = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_true(oct_grow(ctx, &array, &capacity, i + 1, sizeof *array));
        assert_true(capacity > i);
        assert_int_equal(array[i], 0);
        array[i] = (int)i;
    }
    assert_true(test.calls < 12); /* doubles */
    for (int i = 0; i < 1000; i++)
        assert_int_equal(array[i], i);
    int *const before = array;
    const size_t capacity_before = capacity;
    assert_false(oct_grow(ctx, &array, &capacity, SIZE_MAX / 2, sizeof *array));
    test.fail_at = test.calls;
    assert_false(oct_grow(ctx, &array, &capacity, capacity + 1, sizeof *array));
    assert_ptr_equal(array, before);
    assert_int_equal(capacity, capacity_before);
    assert_int_equal(array[999], 999);
    oct_free(ctx, array);
}

static void arena(void **state)
{
    (void)state;
    struct oct_arena arena;
    oct_arena_init(&arena, &test.context);
    enum { COUNT = 3000 };
    static uint8_t *blocks[COUNT];
    static size_t sizes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = i % 97 == 0 ? 40000 + i : i % 61;
        blocks[i] = oct_arena_calloc(&arena, sizes[i], 1);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % (sizes[i] >= 64 ? 64 : 16), 0);
        for (size_t b = 0; b < sizes[i]; b++)
            assert_int_equal(blocks[i][b], 0);
        memset(blocks[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) /* none was written by another */
        for (size_t b = 0; b < sizes[i]; b++)
            assert_int_equal(blocks[i][b], i % 251);
    assert_true(test.calls < 60); /* small ones share blocks */
    assert_null(oct_arena_calloc(&arena, SIZE_MAX, 2));
    assert_null(oct_arena_calloc(&arena, SIZE_MAX, 1));
    assert_null(oct_arena_calloc(&arena, PTRDIFF_MAX, 1));
    assert_null(oct_arena_strndup(&arena, "", SIZE_MAX));
    assert_string_equal(oct_arena_strdup(&arena, "whole"), "whole");
    assert_string_equal(oct_arena_strndup(&arena, "part of", 4), "part");
    assert_string_equal(oct_arena_printf(&arena, "%d of %s", 3, "four"), "3 of four");
    oct_arena_clear(&arena);
    assert_int_equal(test.live, 0);
    test.fail_at = test.calls;
    assert_null(oct_arena_calloc(&arena, 1, 1));
    assert_non_null(oct_arena_calloc(&arena, 1, 1)); /* can be used again */
    oct_arena_clear(&arena);
}

static void text(void **state)
{
    (void)state;
    struct oct_text text;
    oct_text_init(&text, &test.context);
    for (int i = 0; i < 500; i++)
        oct_text_printf(&text, "%d,", i % 10);
    oct_text_add(&text, "\0end", 4);
    assert_false(text.failed);
    assert_int_equal(text.length, 1004);
    assert_memory_equal(text.bytes, "0,1,2,3,4,5,6,7,8,9,0,", 22);
    assert_string_equal(text.bytes + 1001, "end");
    oct_text_add(&text, "", SIZE_MAX);
    assert_true(text.failed);
    oct_text_add(&text, "x", 1);
    assert_true(text.failed); /* sticks */
    assert_int_equal(text.length, 1004);
    oct_text_free(&text);
    assert_null(text.bytes);
    test.fail_at = test.calls;
    oct_text_printf(&text, "text");
    assert_true(text.failed);
    oct_text_free(&text);
}

static void reader(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff};
    struct oct_reader reader = oct_reader_of(bytes, sizeof bytes);
    assert_int_equal(oct_read_u8(&reader), 1);
    assert_int_equal(oct_read_le(&reader, 2), 0x0302);
    assert_int_equal(oct_read_be(&reader, 2), 0x0405);
    assert_ptr_equal(oct_read_bytes(&reader, 4), bytes + 5);
    assert_false(reader.failed);
    assert_int_equal(oct_read_le(&reader, 2), 0);
    assert_true(reader.failed);
    assert_int_equal(oct_read_u8(&reader), 0); /* sticks, though a byte is left */
    assert_null(oct_read_bytes(&reader, 0));
    reader = oct_reader_of(bytes, sizeof bytes);
    assert_null(oct_read_bytes(&reader, SIZE_MAX));
    reader = oct_reader_of(bytes, 8);
    assert_true(oct_read_le(&reader, 8) == 0x0807060504030201u);
    reader = oct_reader_of(NULL, 0);
    assert_int_equal(oct_read_be(&reader, 8), 0);
    assert_true(reader.failed);
}

/* FIPS 180-4's examples, and the lengths around a block. */
static void sha256(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        int times;
        const char *digest;
    } cases[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu",
         1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
        {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
        {"a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {"a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {"a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {"a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {"a", 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
    };
    /* by the processor's instructions where it has them, and in plain C */
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
        struct oct_sha256 sha;
        uint8_t digest[32];
        char hex[65];
        oct_sha256_init(&sha);
        sha.instructions = sha.instructions && i % 2 == 0;
        for (int t = 0; t < cases[i / 2].times; t++)
            oct_sha256_update(&sha, cases[i / 2].message, strlen(cases[i / 2].message));
        oct_sha256_final(&sha, digest);
        for (int b = 0; b < 32; b++)
            snprintf(hex + 2 * b, 3, "%02x", digest[b]);
        assert_string_equal(hex, cases[i / 2].digest);
    }
    /* in pieces of any size, as in one */
    uint8_t message[300], whole[32], pieces[32];
    for (int i = 0; i < 300; i++)
        message[i] = (uint8_t)(i * 7);
    oct_sha256(message, sizeof message, whole);
    for (size_t step = 1; step < 150; step++) {
        struct oct_sha256 sha;
        oct_sha256_init(&sha);
        for (size_t at = 0; at < sizeof message; at += step)
            oct_sha256_update(&sha, message + at,
                              sizeof message - at < step ? sizeof message - at : step);
        oct_sha256_final(&sha, pieces);
        assert_memory_equal(whole, pieces, 32);
    }
}

enum { ITEMS_MAX = 1000, WORKERS_MAX = 5 };

struct tally {
    atomic_int done[ITEMS_MAX];
    atomic_int out_of_range;
    int workers;
};

static void count_item(void *user, int worker, int item)
{
    struct tally *tally = user;
    if (worker < 0 || worker >= tally->workers || item < 0 || item >= ITEMS_MAX)
        atomic_fetch_add(&tally->out_of_range, 1);
    else
        atomic_fetch_add(&tally->done[item], 1);
}

static void threads(void **state)
{
    (void)state;
    for (int count = 0; count <= WORKERS_MAX; count++) {
        struct oct_threads *threads;
        assert_int_equal(oct_threads_create(&test.context, count, &threads), OCTET_OK);
        if (count == 1)
            assert_null(threads);
        const int workers = oct_threads_count(threads);
        assert_int_equal(workers, count ? count : oct_cores_default_threads());
        static const int items[] = {0, 1, 2, 3, 7, ITEMS_MAX};
        for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
            struct tally tally = {.workers = workers};
            const int calls = test.calls;
            oct_threads_run(threads, count_item, &tally, items[i]);
            if (i % 2) /* the next run wakes them again */
                oct_threads_rest(threads);
            assert_int_equal(test.calls, calls);
            assert_int_equal(tally.out_of_range, 0);
            for (int item = 0; item < ITEMS_MAX; item++)
                assert_int_equal(tally.done[item], item < items[i]);
        }
        oct_threads_destroy(&threads);
        assert_null(threads);
        oct_threads_destroy(&threads);
    }
    struct oct_threads *threads;
    assert_int_equal(oct_threads_create(&test.context, -1, &threads), OCTET_INVALID_ARGUMENT);
    assert_null(threads);
    assert_int_equal(oct_threads_create(&test.context, 100000, &threads), OCTET_INVALID_ARGUMENT);
}

struct sums {
    int run; /* written before each run, read by its items */
    atomic_int items;
    int64_t plain; /* by one item a run alone, so never by two threads at a time */
};

static void sum_item(void *user, int worker, int item)
{
    struct sums *sums = user;
    (void)worker;
    atomic_fetch_add(&sums->items, 1);
    if (item == sums->run % 7)
        sums->plain += sums->run;
}

/* Runs in quick succession and after pauses in which workers fall asleep; each sees what was
 * written before it, and is done when it returns. */
static void many_runs(void **state)
{
    (void)state;
    struct test_random random = test_random_of(1);
    for (int count = 2; count <= 4; count++) {
        struct oct_threads *threads;
        assert_int_equal(oct_threads_create(&test.context, count, &threads), OCTET_OK);
        struct sums sums = {0};
        int64_t plain = 0;
        for (int i = 0; i < 3000; i++) {
            const int items = test_int(&random, 7, 40);
            if (i % 500 == 0)
                usleep(2000);
            sums.run = i;
            atomic_store(&sums.items, 0);
            oct_threads_run(threads, sum_item, &sums, items);
            assert_int_equal(sums.items, items);
            plain += i;
            assert_true(sums.plain == plain);
        }
        atomic_store(&sums.items, 0);
        oct_threads_run(threads, sum_item, &sums, 2000000); /* more than the pool counts */
        assert_int_equal(sums.items, 2000000);
        oct_threads_destroy(&threads);
        assert_int_equal(oct_threads_create(&test.context, count, &threads), OCTET_OK);
        oct_threads_destroy(&threads); /* at once */
    }
    test.fail_at = test.calls;
    struct oct_threads *threads;
    assert_int_equal(oct_threads_create(&test.context, 2, &threads), OCTET_OUT_OF_MEMORY);
    assert_null(threads);
}

static void messages(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    assert_int_equal(oct_fail(ctx, OCTET_BAD_FORMAT, "a\nb\r\nc\td\x1b[31m\x7f%s", "\n"),
                     OCTET_BAD_FORMAT);
    assert_string_equal(ctx->message, "a b  c d?[31m? ");
    assert_int_equal(oct_fail(ctx, OCTET_BAD_FORMAT, "again: %s", ctx->message), OCTET_BAD_FORMAT);
    assert_string_equal(ctx->message, "again: a b  c d?[31m? ");
    oct_fail(ctx, OCTET_INTERNAL, "caf\xc3\xa9"); /* UTF-8 stays */
    assert_string_equal(ctx->message, "caf\xc3\xa9");
    char *large = malloc(5000);
    assert_non_null(large);
    memset(large, 'x', 4999);
    large[4999] = '\0';
    oct_fail(ctx, OCTET_BAD_FORMAT, "%s", large);
    assert_int_equal(strlen(ctx->message), OCT_MESSAGE_BYTES - 1);
    free(large);
    const int calls = test.calls;
    assert_int_equal(oct_fail_memory(ctx, "the thing"), OCTET_OUT_OF_MEMORY);
    assert_int_equal(test.calls, calls);
    assert_string_equal(ctx->message, "out of memory for the thing");
    octet_context own;
    oct_context_inherit(&own, ctx);
    assert_string_equal(own.message, "");
    assert_ptr_equal(own.allocator.user, ctx->allocator.user);
}

struct lines {
    int count;
    octet_log_level level;
    char last[OCT_MESSAGE_BYTES];
};

static void take_line(void *user, octet_log_level level, const char *line)
{
    struct lines *lines = user;
    lines->count++;
    lines->level = level;
    snprintf(lines->last, sizeof lines->last, "%s", line);
}

static void logging(void **state)
{
    (void)state;
    struct lines lines = {0};
    oct_log(&test.context, OCTET_LOG_WARNING, "nobody listens");
    test.context.log = take_line;
    test.context.log_user = &lines;
    test.context.log_level = OCTET_LOG_INFO;
    oct_log(&test.context, OCTET_LOG_DEBUG, "too much");
    assert_int_equal(lines.count, 0);
    oct_log(&test.context, OCTET_LOG_INFO, "line\n%d", 2);
    assert_int_equal(lines.count, 1);
    assert_int_equal(lines.level, OCTET_LOG_INFO);
    assert_string_equal(lines.last, "line 2");
}

static void statuses(void **state)
{
    (void)state;
    assert_int_equal(OCTET_OK, 0);
    assert_string_equal(octet_status_name(OCTET_BAD_FORMAT), "BAD_FORMAT");
    assert_string_equal(octet_status_text(OCTET_FILE_NOT_FOUND), "file not found");
    assert_string_equal(octet_status_name((octet_status)999), "UNKNOWN");
    assert_string_equal(octet_status_text((octet_status)-1), "unknown status");
    int major, minor, patch, end = 0;
    assert_int_equal(sscanf(octet_version(), "%d.%d.%d%n", &major, &minor, &patch, &end), 3);
    assert_int_equal(octet_version()[end], '\0');
}

static void contexts(void **state)
{
    (void)state;
    octet_context *context = &test.context;
    octet_context_settings settings;
    octet_context_defaults(&settings);
    assert_non_null(settings.allocator.allocate);
    assert_null(settings.log);
    settings.allocator = test.context.allocator;
    assert_int_equal(octet_context_create(&settings, &context), OCTET_OK);
    assert_string_equal(octet_context_message(context), "");
    octet_context_free(&context);
    assert_null(context);
    octet_context_free(&context);
    octet_context_free(NULL);
    assert_string_equal(octet_context_message(NULL), "");
    test.fail_at = test.calls;
    context = &test.context;
    assert_int_equal(octet_context_create(&settings, &context), OCTET_OUT_OF_MEMORY);
    assert_null(context);
    settings.allocator.release = NULL;
    assert_int_equal(octet_context_create(&settings, &context), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_context_create(NULL, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_context_create(NULL, &context), OCTET_OK);
    octet_context_free(&context);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(allocation), TEST(pages),    TEST(checked_arithmetic),
        TEST(growing),    TEST(arena),    TEST(text),
        TEST(reader),     TEST(sha256),   TEST(threads),
        TEST(many_runs),  TEST(messages), TEST(logging),
        TEST(statuses),   TEST(contexts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
