/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded of the bundled models and pictures (demo/): tests/golden/bundled*.json, which
 * support/bundled_expectations.py makes with OpenCV, ONNX Runtime and pycocotools. */
#ifndef OCTET_TESTS_SUPPORT_BUNDLED_H
#define OCTET_TESTS_SUPPORT_BUNDLED_H

#include <stddef.h>

#include <jansson.h>

#include <octet/octet.h>

#define BUNDLED_MODEL "demo/parts.onnx"
#define BUNDLED_PICTURES 20

/* The whole file of BUNDLED_MODEL; fails the running test unless it has BUNDLED_PICTURES of
 * `key`. */
json_t *test_bundled(const char *key);

/* Those of another family: demo/parts-FAMILY.onnx, tests/golden/bundled-FAMILY.json. */
json_t *test_bundled_family(const char *family, const char *key);

/* An INT8 engine by recorded scales: the .cache beside the .json, below the project's folder. */
octet_engine *test_bundled_int8(octet_context *ctx, const char *model, const char *cache);

/* The INT8 outputs of all pictures at this size are those of the file that `all` is. */
void test_bundled_outputs(octet_context *ctx, const octet_engine *engine, json_t *all, int size);

/* Members of an entry; fail the running test where there is none. */
const char *test_bundled_text(json_t *entry, const char *key);
int test_bundled_number(json_t *entry, const char *key);

/* Fails the running test, naming `what`, unless the bytes have this SHA-256. */
void test_expect_digest(const void *bytes, size_t size, const char *wanted, const char *what);

#endif
