/* SPDX-License-Identifier: Apache-2.0 */
/* MODEL: an engine file, or an ONNX model that is made a float engine. */
#ifndef TOOLS_MODEL_FILE_H
#define TOOLS_MODEL_FILE_H

#include "app/app.h"

enum file_kind {
    FILE_ONNX,       /* whatever is none of the others; the ONNX reader then says what is wrong */
    FILE_ENGINE,     /* safetensors whose metadata says engine, or nothing that octet knows */
    FILE_STATISTICS, /* safetensors whose metadata says statistics */
    FILE_CACHE,      /* text that starts like a TensorRT calibration cache */
    FILE_TRAINING,   /* safetensors whose metadata says training */
};

/* A format for the file's path and its kind's name: what to do with the state of a training. */
#define FILE_TRAINING_REMEDY "%s: %s, not a model; octet tune --resume goes on from it"

/* Looks at the file's first bytes; a file that cannot be opened is reported. Returns a status. */
int file_kind_of(struct app *app, const char *path, enum file_kind *kind);

/* What a file of that kind is called, and where it belongs,
 * for messages: "calibration statistics". */
const char *file_kind_name(enum file_kind kind);

/* Opens MODEL; the caller frees the engine. Failures are reported. */
int detector_open(struct app *app, const char *path, octet_engine **engine);

/* The model's engine in float; the caller frees it. Failures are reported. */
int model_float_engine(struct app *app, const octet_model *model, octet_engine **engine);

/* Loads MODEL.onnx; an engine or statistics in its place is refused with a hint. */
int model_open(struct app *app, const char *path, octet_model **model);

/* The model that an engine says it was made of, by its SHA-256, or NULL. */
const char *engine_model_hash(const octet_engine *engine);

/* For people, "bf16" and so on; and the word that engine files and JSON have, where bfloat16 is
 * "half". */
const char *precision_name(octet_precision precision);
const char *precision_word(octet_precision precision);

#endif
