/* SPDX-License-Identifier: Apache-2.0 */
/* octet run: an array of pictures through an engine, its tensors as arrays. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/json_print.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/session_settings.h"
#include "models/model_file.h"
#include "pictures/inputs.h"
#include "run/npy_file.h"
#include "run/tensor_files.h"

struct arguments {
    const char *input, *folder, *tensors; /* NULL: not given */
};

/* What the input array means. */
struct input_shape {
    size_t pictures;
    size_t height, width; /* pixels */
};

/* Smallest, largest and mean value of everything put out. */
struct value_range {
    double minimum, maximum, sum;
    size_t count;
};

/* All that one call of the verb holds. */
struct tensor_run {
    struct app *app;
    const struct arguments *arguments;
    struct npy input;
    struct input_shape shape;
    octet_engine *engine;
    octet_session *session;
    size_t rows, anchors; /* of the output of one picture */
    float *output;
    struct inputs inputs;
    struct output_file file;
    struct tensor_files tensors;
    struct value_range range;
};

/* uint8 (H,W,3) or (N,H,W,3), float32 (3,H,W) or (N,3,H,W). */
static bool read_shape(const struct npy *input, struct input_shape *shape)
{
    bool bytes = input->type == NPY_UINT8;
    int first = input->rank - 3;
    if (first < 0 || first > 1 || input->count == 0 || input->shape[first + (bytes ? 2 : 0)] != 3)
        return false;
    shape->pictures = first ? input->shape[0] : 1;
    shape->height = input->shape[first + (bytes ? 0 : 1)];
    shape->width = input->shape[first + (bytes ? 1 : 2)];
    return true;
}

/* What is no number is refused; what lies outside 0 to 1 is told of: bytes that were not divided by
 * 255, most often. */
static int check_values(const struct tensor_run *run, const char *path)
{
    const float *values = run->input.data;
    size_t outside = 0;
    if (run->input.type != NPY_FLOAT32)
        return STATUS_DONE;
    for (size_t i = 0; i < run->input.count; i++) {
        if (!isfinite(values[i]))
            return app_fail(run->app, "%s: value %zu is not finite", path, i);
        outside += values[i] < 0 || values[i] > 1;
    }
    if (outside)
        app_say(run->app, "%s: %zu of %zu values lie outside 0 to 1, where the network was trained",
                path, outside, run->input.count);
    return STATUS_DONE;
}

static int read_input(struct tensor_run *run)
{
    const char *path = run->arguments->input;
    int status = npy_read(run->app, path, &run->input);
    if (status != STATUS_DONE)
        return status;
    if (!read_shape(&run->input, &run->shape))
        return app_fail(run->app,
                        "%s: must be uint8 (H,W,3) or (N,H,W,3), or float32 (3,H,W) or "
                        "(N,3,H,W) with values from 0 to 1",
                        path);
    if (run->shape.height % INPUT_SIDE_STEP || run->shape.width % INPUT_SIDE_STEP ||
        run->shape.height > INPUT_SIDE_MAX || run->shape.width > INPUT_SIDE_MAX)
        return app_fail(run->app, "%s: %zux%zu pixels; sides must be multiples of 32 up to 8192",
                        path, run->shape.height, run->shape.width);
    return check_values(run, path);
}

static int open_session(struct tensor_run *run, const char *model)
{
    struct app *app = run->app;
    int status = detector_open(app, model, &run->engine);
    if (status != STATUS_DONE)
        return status;
    const octet_session_settings settings = app_session_settings(
        app, app->device, (struct input_size){(int)run->shape.height, (int)run->shape.width});
    octet_status result = octet_session_open(app->context, run->engine, &settings, &run->session);
    if (result != OCTET_OK)
        return app_fail_library(app, result, octet_context_message(app->context));
    octet_info info;
    octet_engine_info(run->engine, &info);
    run->rows = 4 + (size_t)info.class_count;
    run->anchors = (size_t)octet_session_anchor_count(run->session);
    run->output = app_alloc(run->rows * run->anchors, sizeof *run->output);
    return STATUS_DONE;
}

static int open_outputs(struct tensor_run *run)
{
    const struct arguments *arguments = run->arguments;
    if (!arguments->folder)
        return STATUS_DONE;
    int status = output_make_folder(run->app, arguments->folder, NULL);
    if (status == STATUS_DONE && arguments->tensors) {
        status = tensor_files_open(&run->tensors, run->app, run->engine, arguments->tensors);
        run->tensors.folder = arguments->folder;
        run->tensors.pictures = run->shape.pictures;
        octet_session_observe(run->session, tensor_files_observe, &run->tensors);
    }
    if (status != STATUS_DONE)
        return status;
    const size_t shape[3] = {run->shape.pictures, run->rows, run->anchors};
    char *path = app_printf("%s/output0.npy", arguments->folder);
    status = inputs_protect(run->app, &run->inputs, NULL, path);
    if (status == STATUS_DONE && arguments->tensors)
        status = tensor_files_protect(&run->tensors, &run->inputs);
    if (status == STATUS_DONE)
        status = npy_begin(&run->file, run->app, path, shape, 3);
    free(path);
    return status;
}

static octet_status run_picture(struct tensor_run *run, size_t index)
{
    size_t elements = 3 * run->shape.height * run->shape.width;
    octet_status status = run->input.type == NPY_UINT8
                              ? octet_session_set_pixels(
                                    run->session, 0, (uint8_t *)run->input.data + index * elements)
                              : octet_session_set_tensor(
                                    run->session, 0, (float *)run->input.data + index * elements);
    if (status == OCTET_OK)
        status = octet_session_run(run->session);
    if (status == OCTET_OK)
        status = octet_session_output(run->session, 0, run->output);
    return status;
}

static void add_to_range(struct value_range *range, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (range->count + i == 0)
            range->minimum = range->maximum = values[i];
        range->minimum = fmin(range->minimum, values[i]);
        range->maximum = fmax(range->maximum, values[i]);
        range->sum += values[i];
    }
    range->count += count;
}

static int run_all(struct tensor_run *run)
{
    struct progress progress;
    int status = STATUS_DONE;
    app_progress(run->app, &progress, "running", run->shape.pictures);
    for (size_t i = 0; i < run->shape.pictures && status == STATUS_DONE; i++) {
        octet_status result = run_picture(run, i);
        if (app_interrupted())
            status = app_fail(run->app, "interrupted: nothing was written");
        else if (result != OCTET_OK)
            status = run->tensors.failed
                         ? STATUS_FAILED
                         : app_fail_library(run->app, result, octet_session_message(run->session));
        else
            output_write(&run->file, run->output, run->rows * run->anchors * sizeof *run->output);
        add_to_range(&run->range, run->output, run->rows * run->anchors);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    if (status == STATUS_DONE && run->arguments->tensors)
        status = tensor_files_commit(&run->tensors);
    if (status == STATUS_DONE && run->file.file)
        status = output_commit(&run->file);
    return status;
}

static int print_result(const struct tensor_run *run)
{
    const struct value_range *range = &run->range;
    double mean = range->sum / (double)range->count;
    if (run->app->json) {
        json_t *root = json_new_object(), *shape = json_new_array();
        json_push(shape, json_integer((json_int_t)run->shape.pictures));
        json_push(shape, json_integer((json_int_t)run->rows));
        json_push(shape, json_integer((json_int_t)run->anchors));
        json_put(root, "name", json_text("output0"));
        json_put(root, "shape", shape);
        json_put(root, "minimum", json_number(range->minimum));
        json_put(root, "maximum", json_number(range->maximum));
        json_put(root, "mean", json_number(mean));
        return json_print(run->app, root);
    }
    printf("output0  %zux%zux%zu  minimum %.7g  maximum %.7g  mean %.7g\n", run->shape.pictures,
           run->rows, run->anchors, range->minimum, range->maximum, mean);
    return STATUS_DONE;
}

static int parse(struct app *app, int argc, char **argv, struct arguments *a,
                 struct operands *operands)
{
    *a = (struct arguments){0};
    const struct option options[] = {
        {"input", 'i', OPTION_TEXT, "X.npy", "pictures as pixels or as a tensor (needed)",
         &a->input, 0, 0, NULL},
        {"output-dir", 'o', OPTION_TEXT, "DIR", "write output0.npy there", &a->folder, 0, 0, NULL},
        {"tensors", 0, OPTION_LIST, "LIST", "also layers' outputs: all, or names", &a->tensors, 0,
         0, NULL},
        DEVICE_OPTION(app),
        CACHE_OPTION(app),
    };
    const struct command command = {
        .name = "run",
        .operands = "MODEL",
        .summary = "raw tensors in, raw tensors out, as NumPy files",
        .notes = "X.npy is uint8 (H,W,3) or (N,H,W,3) RGB, or float32 (3,H,W) or (N,3,H,W) from 0 "
                 "to 1.\n"
                 "See octet-run(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    int status;
    if (!options_parse(app, &command, argc, argv, operands, &status))
        return status;
    if (!a->input)
        return app_usage(app, "--input X.npy is missing");
    if (a->tensors && !a->folder)
        return app_usage(app, "--tensors needs --output-dir DIR");
    return -1;
}

int cmd_run(struct app *app, int argc, char **argv)
{
    struct arguments arguments;
    struct operands operands;
    int status = parse(app, argc, argv, &arguments, &operands);
    if (status >= 0)
        return status;
    struct tensor_run run = {.app = app, .arguments = &arguments};
    inputs_add(&run.inputs, operands.text[0]);
    inputs_add(&run.inputs, arguments.input);
    status = read_input(&run);
    if (status == STATUS_DONE)
        status = open_session(&run, operands.text[0]);
    if (status == STATUS_DONE)
        status = open_outputs(&run);
    if (status == STATUS_DONE)
        status = run_all(&run);
    if (status == STATUS_DONE)
        status = print_result(&run);
    tensor_files_close(&run.tensors);
    output_abandon(&run.file);
    octet_session_close(&run.session);
    octet_engine_free(&run.engine);
    npy_free(&run.input);
    inputs_free(&run.inputs);
    free(run.output);
    return status;
}
