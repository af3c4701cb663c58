/* SPDX-License-Identifier: Apache-2.0 */
/* States of interrupted comparisons: what is written comes back, and what is not consistent is
 * refused also where its checksum is right. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/json_print.h"
#include "insight/compare_state.h"
#include "models/selection.h"

#define PICTURES 4
#define LAYERS 2

static char folder[] = "/tmp/octet-compare-state-XXXXXX";
static struct app app;

/* Loads without the line that a refusal prints. */
static int load_quietly(struct compare_state *state)
{
    fflush(stderr);
    const int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);
    const int status = compare_state_load(state);
    dup2(kept, STDERR_FILENO);
    close(nowhere);
    close(kept);
    return status;
}

static struct layer_noise layers_of(struct layer_pair pairs[LAYERS], double first)
{
    memset(pairs, 0, LAYERS * sizeof *pairs);
    for (int i = 0; i < LAYERS && first > 0; i++) {
        pairs[i].through = (struct noise_sums){first + i, 0.1 / first};
        pairs[i].alone = (struct noise_sums){first * 3 + i, 0.7 / first};
    }
    return (struct layer_noise){.pairs = pairs, .count = LAYERS, .alone = true};
}

static void open_state(struct compare_state *state, struct layer_noise *layers, double confidence)
{
    compare_state_open(state, &app, folder);
    state->request = json_new_object();
    json_put(state->request, "confidence", json_real(confidence));
    state->pictures = PICTURES;
    state->layers = layers;
}

/* Three of four pictures, the second of which was left out. */
static void fill(struct compare_state *state)
{
    static const octet_detection boxes[] = {
        {0.1f, 2, 3, 4, 0.9f, 1}, {5, 6, 7, 8.3f, 0.5f, 0}, {1, 1, 2, 2, 0.25f, 2}};
    const struct found_boxes first[2] = {{boxes, 2}, {boxes + 2, 1}};
    const struct found_boxes second[2] = {{NULL, 0}, {boxes, 3}};
    compare_state_add(state, first);
    state->position = 2;
    state->bad = 1;
    compare_state_add(state, second);
    state->position = 3;
    state->seconds = 1.5;
}

static void what_is_written_comes_back(void **unused)
{
    (void)unused;
    struct layer_pair pairs[LAYERS], read_pairs[LAYERS];
    struct layer_noise layers = layers_of(pairs, 1.0 / 3), read_layers = layers_of(read_pairs, 0);
    struct compare_state state, read;
    open_state(&state, &layers, 0.25);
    fill(&state);
    assert_int_equal(compare_state_save(&state), STATUS_DONE);
    open_state(&read, &read_layers, 0.25);
    assert_int_equal(compare_state_check(&read), STATUS_DONE);
    assert_int_equal(compare_state_load(&read), STATUS_DONE);
    assert_int_equal(read.position, 3);
    assert_int_equal(read.bad, 1);
    assert_true(read.seconds == 1.5);
    assert_int_equal(read.measured_count, 2);
    assert_memory_equal(read.measured, state.measured, 2 * sizeof *read.measured);
    assert_int_equal(read.measured[1].place, 2);
    assert_int_equal(read.box_count, 6);
    assert_memory_equal(read.boxes, state.boxes, 6 * sizeof *read.boxes);
    assert_memory_equal(read_pairs, pairs, sizeof pairs);
    compare_state_remove(&read);
    assert_int_not_equal(access(read.path, F_OK), 0);
    assert_int_equal(load_quietly(&read), STATUS_FAILED);
    compare_state_close(&read);
    compare_state_close(&state);
}

/* Writes what `state` has become, and reads it as another run would. */
static int read_back(struct compare_state *state, int layer_count, double confidence)
{
    struct layer_pair pairs[LAYERS];
    struct layer_noise layers = layers_of(pairs, 0);
    struct compare_state read;
    layers.count = layer_count;
    assert_int_equal(compare_state_save(state), STATUS_DONE);
    open_state(&read, layer_count ? &layers : NULL, confidence);
    const int status = load_quietly(&read);
    compare_state_close(&read);
    return status;
}

static void what_is_not_consistent_is_refused(void **unused)
{
    (void)unused;
    for (int fault = 0; fault < 10; fault++) {
        struct layer_pair pairs[LAYERS];
        struct layer_noise layers = layers_of(pairs, 2);
        struct compare_state state;
        int layer_count = LAYERS;
        double confidence = 0.25;
        open_state(&state, &layers, 0.25);
        fill(&state);
        switch (fault) {
        case 1:
            state.position = PICTURES + 1;
            break;
        case 2:
            state.bad = 4;
            break;
        case 3:
            state.bad = 0;
            break;
        case 4:
            state.measured[1].place = 0;
            break;
        case 5:
            state.measured[1].place = 3;
            break;
        case 6:
            state.measured[1].counts[1] = 4;
            break;
        case 7:
            state.measured[0].counts[0] = SCORING_DETECTIONS_MAX + 1;
            break;
        case 8:
            layer_count = 0;
            break;
        case 9:
            confidence = 0.3;
            break;
        default:
            break;
        }
        const int status = read_back(&state, layer_count, confidence);
        if ((status == STATUS_DONE) != (fault == 0))
            fail_msg("fault %d: status %d", fault, status);
        compare_state_close(&state);
    }
}

/* Every length of the file but its own, and every byte changed. */
static void what_is_damaged_is_refused(void **unused)
{
    (void)unused;
    static char whole[4096], bytes[4096];
    struct layer_pair pairs[LAYERS];
    struct layer_noise layers = layers_of(pairs, 2);
    struct compare_state state;
    open_state(&state, &layers, 0.25);
    fill(&state);
    assert_int_equal(compare_state_save(&state), STATUS_DONE);
    FILE *file = fopen(state.path, "rb");
    const size_t size = fread(whole, 1, sizeof whole, file);
    fclose(file);
    assert_in_range(size, 200, sizeof whole - 1);
    for (size_t i = 0; i < 2 * size; i++) {
        struct compare_state read;
        memcpy(bytes, whole, size);
        if (i >= size)
            bytes[i - size] ^= 1 << (i % 8);
        file = fopen(state.path, "wb");
        fwrite(bytes, 1, i < size ? i : size, file);
        fclose(file);
        open_state(&read, &layers, 0.25);
        assert_int_equal(load_quietly(&read), STATUS_FAILED);
        compare_state_close(&read);
    }
    compare_state_remove(&state);
    compare_state_close(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_comes_back),
        cmocka_unit_test(what_is_not_consistent_is_refused),
        cmocka_unit_test(what_is_damaged_is_refused),
    };
    json_start();
    if (!mkdtemp(folder) || app_open(&app) != STATUS_DONE)
        return EXIT_FAILURE;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    octet_context_free(&app.context);
    rmdir(folder);
    return failed;
}
