/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engine and statistics files with every member of their JSON left out, and every value replaced by
 * values of all other types and by numbers out of bounds: each is refused by a line that names the
 * member, or it is of the same type and bounds as before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "compiler/calibrate/statistics.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "runtime/engine/engine_contents.h"
#include "small_detector.h"

static struct test_context test;

typedef octet_status load_function(const void *bytes, size_t size);

/* A file taken apart. */
struct subject {
    json_t *header;
    const char *text;    /* the member of __metadata__ that is JSON itself, or NULL */
    json_t *inner;       /* that JSON */
    const uint8_t *data; /* what follows the header */
    size_t data_size;
    load_function *load;
    int refused, taken;
};

static octet_status load_engine(const void *bytes, size_t size)
{
    octet_engine *engine;
    const octet_status status =
        octet_engine_load_memory(&test.context, bytes, size, "file.x", &engine);
    assert_int_equal(status == OCTET_OK, engine != NULL);
    oct_engine_free(engine);
    return status;
}

static octet_status load_statistics(const void *bytes, size_t size)
{
    octet_statistics *statistics;
    const octet_status status =
        oct_statistics_read(&test.context, bytes, size, "file.x", &statistics);
    assert_int_equal(status == OCTET_OK, statistics != NULL);
    oct_statistics_free(statistics);
    return status;
}

/* Puts the file together again and loads it. */
static octet_status load(const struct subject *s)
{
    if (s->inner) {
        char *text = json_dumps(s->inner, JSON_COMPACT);
        assert_non_null(text);
        json_object_set_new(json_object_get(s->header, "__metadata__"), s->text, json_string(text));
        free(text);
    }
    char *header = json_dumps(s->header, JSON_COMPACT);
    assert_non_null(header);
    const size_t length = strlen(header);
    unsigned char *bytes = malloc(8 + length + s->data_size);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, s->data, s->data_size);
    free(header);
    test.context.message[0] = '\0';
    const octet_status status = s->load(bytes, 8 + length + s->data_size);
    free(bytes);
    return status;
}

static json_t *replacement(int index)
{
    switch (index) {
    case 0:
        return json_null();
    case 1:
        return json_true();
    case 2:
        return json_string("true");
    case 3:
        return json_string("");
    case 4:
        return json_integer(-1);
    case 5:
        return json_integer(2147483648);
    case 6:
        return json_integer(INT64_MIN);
    case 7:
        return json_real(0.5);
    case 8:
        return json_real(-1e300);
    case 9:
        return json_array();
    case 10:
        return json_object();
    case 11:
        return json_pack("[{}]");
    case 12:
        return json_pack("[n]");
    case 13:
        return json_false();
    default:
        return NULL;
    }
}

/* Whether a reader may take the one for the other. A whole number is a number. */
static bool same_type(const json_t *a, const json_t *b)
{
    if (json_is_boolean(a) && json_is_boolean(b))
        return true;
    return json_typeof(a) == json_typeof(b) || (json_is_real(a) && json_is_integer(b));
}

static bool is_optional(const char *key)
{
    static const char *const keys[] = {"residual", "dfl", "octet.note", "bits"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* Without these it is another kind of tensor, or of file, or a hole before the next tensor, and the
 * message is of that. */
static bool tells_the_kind(const char *key)
{
    static const char *const keys[] = {"concat", "slice", "__metadata__", "octet.kind",
                                       "octet.version"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return strncmp(key, "layer.", 6) == 0 || strncmp(key, "tensor.", 7) == 0 ||
           strncmp(key, "part.", 5) == 0;
}

/* A list's element is named by the list, "tensors", or as one of it, "tensor 3". */
static bool is_named(const char *key)
{
    char one[64];
    snprintf(one, sizeof one, "%.*s", (int)strlen(key) - (key[strlen(key) - 1] == 's'), key);
    return strstr(test.context.message, one) != NULL;
}

static void check(struct subject *s, const char *key, bool may_load, const char *change)
{
    const octet_status status = load(s);
    if (status == OCTET_OK) {
        if (!may_load)
            fail_msg("\"%s\" %s: taken", key, change);
        s->taken++;
        return;
    }
    s->refused++;
    if (status == OCTET_OUT_OF_MEMORY || !strstr(test.context.message, "file.x"))
        fail_msg("\"%s\" %s: %s", key, change, test.context.message);
    if (!may_load && !tells_the_kind(key) && !is_named(key))
        fail_msg("\"%s\" %s is not named: %s", key, change, test.context.message);
}

static void set(json_t *within, const char *key, size_t index, json_t *value)
{
    if (json_is_object(within))
        assert_int_equal(json_object_set(within, key, value), 0);
    else
        assert_int_equal(json_array_set(within, index, value), 0);
}

static void walk(struct subject *s, json_t *within, const char *name);

/* All that can be done to one value; `key` names it, or the list that it is in. */
static void change(struct subject *s, json_t *within, const char *key, size_t index, json_t *value)
{
    char words[64];
    json_incref(value);
    json_t *other;
    for (int i = 0; (other = replacement(i)); i++) {
        set(within, key, index, other);
        snprintf(words, sizeof words, "with replacement %d", i);
        check(s, key, same_type(value, other), words);
        json_decref(other);
    }
    set(within, key, index, value);
    walk(s, value, key);
    json_decref(value);
}

/* Of a list, the first elements and the last one: the others are like them. */
static bool is_walked(const json_t *list, size_t index)
{
    return index < 24 || index + 1 == json_array_size(list);
}

static void walk(struct subject *s, json_t *within, const char *name)
{
    size_t index;
    json_t *value;
    json_array_foreach(within, index, value)
    {
        if (is_walked(within, index))
            change(s, within, name, index, value);
    }
    if (!json_is_object(within))
        return;
    json_t *keys = json_array();
    const char *key;
    json_object_foreach(within, key, value) json_array_append_new(keys, json_string(key));
    json_array_foreach(keys, index, value)
    {
        key = json_string_value(value);
        json_t *member = json_incref(json_object_get(within, key));
        json_object_del(within, key);
        check(s, key, is_optional(key), "left out");
        json_object_set_new(within, key, member);
        if (s->inner || strcmp(key, "__metadata__") != 0 || s->inner == within)
            change(s, within, key, 0, member);
    }
    json_object_set_new(within, "scales", json_integer(1));
    if (!s->inner || within != json_object_get(s->header, "__metadata__"))
        check(s, "scales", false, "added");
    json_object_del(within, "scales");
    json_decref(keys);
}

static struct subject take_apart(const unsigned char *bytes, size_t size, load_function *function)
{
    struct subject s = {.load = function};
    uint64_t length = 0;
    memcpy(&length, bytes, 8);
    s.header = json_loadb((const char *)bytes + 8, (size_t)length, 0, NULL);
    assert_non_null(s.header);
    s.data = bytes + 8 + length;
    s.data_size = size - 8 - (size_t)length;
    return s;
}

/* Changes everything in the JSON `text`, and then everything in the header around it. */
static void change_all(const unsigned char *bytes, size_t size, load_function *function,
                       const char *text)
{
    struct subject s = take_apart(bytes, size, function);
    json_t *metadata = json_object_get(s.header, "__metadata__");
    assert_int_equal(load(&s), OCTET_OK);
    s.text = text;
    s.inner = json_loads(json_string_value(json_object_get(metadata, text)), 0, NULL);
    assert_non_null(s.inner);
    walk(&s, s.inner, text);
    assert_int_equal(load(&s), OCTET_OK);
    print_message("    %s: %d refused, %d taken\n", text, s.refused, s.taken);
    json_decref(s.inner);
    s.inner = NULL;
    s.refused = s.taken = 0;
    walk(&s, s.header, "header");
    walk(&s, metadata, "metadata");
    assert_int_equal(load(&s), OCTET_OK);
    print_message("    header: %d refused, %d taken\n", s.refused, s.taken);
    json_decref(s.header);
}

static void engines(void **state)
{
    (void)state;
    static const octet_precision precisions[] = {OCTET_PRECISION_INT8, OCTET_PRECISION_BF16,
                                                 OCTET_PRECISION_INT8};
    for (int i = 0; i < 4; i++) {
        octet_engine *engine =
            i == 3
                ? test_engine_few_bits(&test.context, TEST_DETECTOR_TINY)
                : test_engine(&test.context, i > 1 ? TEST_DETECTOR_DEPTHWISE : TEST_DETECTOR_TINY,
                              precisions[i]);
        if (i == 0)
            engine->network.head.of.yolov8.rounding =
                (struct oct_dfl_rounding){{0.01f, 0}, {0.1f, 3}, .weight_scale = 0.5f};
        size_t size;
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        octet_engine_free(&engine);
        change_all(bytes, size, load_engine, "octet.plan");
        free(bytes);
    }
}

/* Of two parts, and of a run's shard. */
static void add_part(octet_statistics *made)
{
    struct oct_statistics_part *part;
    assert_int_equal(oct_shards_add(&test.context, &made->shards, "a-run", 2, 3), OCTET_OK);
    assert_int_equal(oct_statistics_need_part(&test.context, made, 32, 96, "cam", &part), OCTET_OK);
    for (int i = 0; i < made->tensor_count; i++)
        oct_record_merge(&part->tensors[i], &made->parts[0]->tensors[i], 1);
    part->image_count = 1;
    memcpy(part->fingerprint_text, made->parts[0]->fingerprint_text, 65);
}

static void walk_statistics(int version)
{
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/a.stats", folder);
    octet_model *model = test_model(&test.context, TEST_DETECTOR_TINY, 3);
    octet_statistics *made = test_statistics(&test.context, model, 1, 1);
    assert_int_equal(octet_statistics_set_note(made, "a note"), OCTET_OK);
    if (version == 2)
        add_part(made);
    assert_int_equal(octet_statistics_save(&test.context, made, path), OCTET_OK);
    octet_statistics_free(&made);
    octet_model_free(&model);
    size_t size;
    unsigned char *bytes = test_read_file(path, &size);
    change_all(bytes, size, load_statistics, "octet.statistics");
    free(bytes);
    test_folder_remove(folder);
}

static void statistics(void **state)
{
    (void)state;
    walk_statistics(1);
    walk_statistics(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST_WITHIN(engines, test), TEST_WITHIN(statistics, test)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
