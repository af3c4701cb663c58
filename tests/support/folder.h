/* SPDX-License-Identifier: Apache-2.0 */
/* Folders for files that tests write. The calls fail the running test where they cannot work. */
#ifndef OCTET_TESTS_SUPPORT_FOLDER_H
#define OCTET_TESTS_SUPPORT_FOLDER_H

#include <stddef.h>

#define TEST_FOLDER_BYTES 512

/* A new empty folder below $TMPDIR, else /tmp. */
void test_folder_create(char path[TEST_FOLDER_BYTES]);

/* Entries in it. */
int test_folder_count(const char *path);

/* Removes the plain files in it, and the folder. */
void test_folder_remove(const char *path);

/* A file `name` ("a/b/c") of a tree below `root`, with the folders above it. */
void test_tree_put(const char *root, const char *name, const void *bytes, size_t size);

/* Removes a folder and all that is below it. */
void test_tree_remove(const char *root);

void test_write_file(const char *path, const void *bytes, size_t size);

#endif
