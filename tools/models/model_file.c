/* SPDX-License-Identifier: Apache-2.0 */
/* Tells files apart by their first bytes, and opens models and engines. */
#include "models/model_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "models/names_file.h"
#include "pictures/inputs.h"

/* The safetensors format allows no longer header. An ONNX file would read as a length far above. */
#define HEADER_BYTES_MAX 100000000u

/* The text of `"octet.kind": "..."` in a safetensors header; this only chooses the reader, which
 * checks everything. */
static enum file_kind kind_in_header(const char *header, size_t length)
{
    static const char key[] = "\"octet.kind\"";
    static const struct {
        const char *word;
        enum file_kind kind;
    } kinds[] = {{"\"statistics\"", FILE_STATISTICS}, {"\"training\"", FILE_TRAINING}};
    const char *at = memmem(header, length, key, sizeof key - 1), *end = header + length;
    if (!at)
        return FILE_ENGINE;
    at += sizeof key - 1;
    while (at < end && strchr(" \t\r\n:", *at) && *at)
        at++;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const size_t length_of = strlen(kinds[i].word);
        if ((size_t)(end - at) >= length_of && memcmp(at, kinds[i].word, length_of) == 0)
            return kinds[i].kind;
    }
    return FILE_ENGINE;
}

/* A model is read more than once: what comes out of a pipe is gone after the first time. */
static int check_regular(struct app *app, const char *path, FILE *file)
{
    struct stat entry;
    if (fstat(fileno(file), &entry) == 0 && S_ISDIR(entry.st_mode))
        return app_fail(app, "%s: is a directory, not a file", path);
    if (fstat(fileno(file), &entry) == 0 && S_ISREG(entry.st_mode))
        return STATUS_DONE;
    return app_fail(
        app, "%s: a pipe or a device, and this must be a file: save what it gives first", path);
}

static enum file_kind recognise(FILE *file)
{
    uint8_t start[8];
    uint64_t length = 0;
    if (fread(start, 1, sizeof start, file) != sizeof start)
        return FILE_ONNX;
    const int mark = memcmp(start, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* UTF-8's byte order mark */
    if (memcmp(start + mark, "TRT-", 4) == 0)
        return FILE_CACHE;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | start[i];
    int brace = fgetc(file);
    if (brace != '{' || length > HEADER_BYTES_MAX)
        return FILE_ONNX;
    char *header = app_alloc(length, 1);
    size_t got = length ? fread(header, 1, length - 1, file) : 0;
    enum file_kind kind = kind_in_header(header, got);
    free(header);
    return kind;
}

int file_kind_of(struct app *app, const char *path, enum file_kind *kind)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return app_fail_open(app, path);
    int status = check_regular(app, path, file);
    if (status == STATUS_DONE)
        *kind = recognise(file);
    fclose(file);
    return status;
}

const char *file_kind_name(enum file_kind kind)
{
    static const char *const names[] = {
        [FILE_ONNX] = "an ONNX model",
        [FILE_ENGINE] = "an engine or another safetensors file",
        [FILE_STATISTICS] = "calibration statistics",
        [FILE_CACHE] = "a TensorRT calibration cache",
        [FILE_TRAINING] = "what an interrupted training left",
    };
    return names[kind];
}

int model_float_engine(struct app *app, const octet_model *model, octet_engine **engine)
{
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.precision = OCTET_PRECISION_FP32;
    const octet_status status = octet_build(app->context, model, NULL, &settings, engine);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

/* In float, or as the file is where that is quantised itself. */
static int build_model(struct app *app, const char *path, octet_engine **engine)
{
    octet_model *model = NULL;
    octet_build_settings settings;
    octet_build_defaults(&settings);
    octet_status status = octet_model_load(app->context, path, &model);
    octet_info info;
    octet_model_info(model, &info);
    if (info.precision == OCTET_PRECISION_FP32)
        settings.precision = OCTET_PRECISION_FP32;
    inputs_note_model(app, model);
    int result = status == OCTET_OK ? names_give(app, model) : STATUS_DONE;
    if (status == OCTET_OK && result == STATUS_DONE)
        status = octet_build(app->context, model, NULL, &settings, engine);
    octet_model_free(&model);
    if (status == OCTET_OK)
        return result;
    return app_fail_library(app, status, octet_context_message(app->context));
}

int detector_open(struct app *app, const char *path, octet_engine **engine)
{
    enum file_kind kind;
    int status = file_kind_of(app, path, &kind);
    if (status != STATUS_DONE)
        return status;
    if (kind == FILE_TRAINING)
        return app_fail(app, FILE_TRAINING_REMEDY, path, file_kind_name(kind));
    if (kind == FILE_STATISTICS || kind == FILE_CACHE)
        return app_fail(app, "%s: %s, not a model; octet build makes an engine of %s", path,
                        file_kind_name(kind), kind == FILE_CACHE ? "it" : "them");
    if (kind == FILE_ONNX)
        return build_model(app, path, engine);
    status = names_refuse(app, path);
    if (status != STATUS_DONE)
        return status;
    octet_status result = octet_engine_load(app->context, path, engine);
    if (result == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, result, octet_context_message(app->context));
}

int model_open(struct app *app, const char *path, octet_model **model)
{
    enum file_kind kind;
    int status = file_kind_of(app, path, &kind);
    if (status != STATUS_DONE)
        return status;
    if (kind != FILE_ONNX)
        return app_fail(app, "%s: %s; this needs the ONNX model", path, file_kind_name(kind));
    octet_status result = octet_model_load(app->context, path, model);
    if (result == OCTET_OK) {
        inputs_note_model(app, *model);
        return names_give(app, *model);
    }
    return app_fail_library(app, result, octet_context_message(app->context));
}

static const struct {
    const char *name, *word; /* for people; in files and JSON */
} precisions[] = {
    [OCTET_PRECISION_FP32] = {"fp32", "fp32"},
    [OCTET_PRECISION_INT8] = {"int8", "int8"},
    [OCTET_PRECISION_MIXED] = {"mixed", "mixed"},
    [OCTET_PRECISION_BF16] = {"bf16", "half"},
};
#define PRECISION_COUNT (sizeof precisions / sizeof *precisions)

const char *engine_model_hash(const octet_engine *engine)
{
    const char *key, *text;
    for (int i = 0; octet_engine_provenance(engine, i, &key, &text); i++)
        if (strcmp(key, "model_sha256") == 0)
            return text;
    return NULL;
}

const char *precision_name(octet_precision precision)
{
    return (size_t)precision < PRECISION_COUNT ? precisions[precision].name : "unknown";
}

const char *precision_word(octet_precision precision)
{
    return (size_t)precision < PRECISION_COUNT ? precisions[precision].word : "unknown";
}
