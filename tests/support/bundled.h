/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded of the bundled model and pictures (demo/): tests/golden/bundled.json, which
 * support/bundled_expectations.py makes with OpenCV, ONNX Runtime and pycocotools. */
#ifndef OCTET_TESTS_SUPPORT_BUNDLED_H
#define OCTET_TESTS_SUPPORT_BUNDLED_H

#include <stddef.h>

#include <jansson.h>

#define BUNDLED_MODEL "demo/parts.onnx"
#define BUNDLED_PICTURES 20

/* The whole file; fails the running test unless it has BUNDLED_PICTURES of `key`. */
json_t *test_bundled(const char *key);

/* Members of an entry; fail the running test where there is none. */
const char *test_bundled_text(json_t *entry, const char *key);
int test_bundled_number(json_t *entry, const char *key);

/* Fails the running test, naming `what`, unless the bytes have this SHA-256. */
void test_expect_digest(const void *bytes, size_t size, const char *wanted, const char *what);

#endif
