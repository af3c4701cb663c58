/* SPDX-License-Identifier: Apache-2.0 */
/* One import of the small detector, changed in between: `small.onnx` in messages. */
#ifndef OCTET_TESTS_SUPPORT_IMPORT_CASE_H
#define OCTET_TESTS_SUPPORT_IMPORT_CASE_H

#include "compiler/import_pipeline.h"
#include "counting_context.h"
#include "onnx_builder.h"

struct test_import {
    struct test_context test;
    struct test_onnx onnx;
    struct oct_imported *imported;
    char log[2048]; /* lines of notes and warnings */
};

/* The message of the variant; what is changed in it before the import is up to the test. */
void test_import_begin(struct test_import *t, const struct test_onnx_variant *variant);
octet_status test_import_run(struct test_import *t);

/* Fails the running test unless all memory was given back. */
void test_import_end(struct test_import *t);

/* Runs it and fails the running test unless it is read. */
void test_import_expect(struct test_import *t);

/* Runs and ends it; it must be refused with this status, and a message with these parts (the second
 * may be NULL). */
void test_import_refused(struct test_import *t, octet_status status, const char *part,
                         const char *other);

/* The layer that writes the tensor of this name; fails the running test when there is none. */
const struct oct_layer *test_import_layer(const struct test_import *t, const char *output);

/* Fails the running test unless the network gives what the file's graph gives before any pass, to a
 * thousandth of a pixel and `score` of a score. */
void test_import_numbers(struct test_import *t, double score);

/* Imports the variant with the n-th allocation failing, for all n: a message, and nothing left
 * behind. */
void test_import_allocations(const struct test_onnx_variant *variant);

#endif
