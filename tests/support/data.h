/* SPDX-License-Identifier: Apache-2.0 */
/* Where models and pictures for tests lie: $OCTET_TEST_DATA, else ../shared/data. */
#ifndef OCTET_TESTS_SUPPORT_DATA_H
#define OCTET_TESTS_SUPPORT_DATA_H

#include <stdbool.h>
#include <stddef.h>

#define TEST_SKIPPED 77 /* a program's exit status when it could not test anything */
#define TEST_PATH_BYTES 1024

/* Whether the folder is there. Prints "skipped: no test data" (and where it was looked for) if not:
 * a program that tests nothing else returns TEST_SKIPPED then, a single test calls skip(). */
bool test_data_present(void);

/* The same of its folder `family`, which has newer models. */
bool test_family_present(void);

/* Writes the path of `relative` below the folder, or below the project's where it begins with
 * "demo/": what is bundled needs no test data. Fails the running test when it does not fit. Returns
 * `path`. */
const char *test_data_path(char path[TEST_PATH_BYTES], const char *relative);

/* As test_data_path(), for a file of the project itself. */
const char *test_project_path(char path[TEST_PATH_BYTES], const char *relative);

/* A whole file in malloc'd memory, which the caller frees; fails the running test when absent. */
unsigned char *test_read_file(const char *path, size_t *size);

#endif
