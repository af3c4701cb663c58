/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own below the system's temporary one, written to and removed. */
#include "folder.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void test_folder_create(char path[TEST_FOLDER_BYTES])
{
    const char *parent = getenv("TMPDIR");
    const int length = snprintf(path, TEST_FOLDER_BYTES, "%s/octet-test-XXXXXX",
                                parent && *parent ? parent : "/tmp");
    assert_in_range(length, 1, TEST_FOLDER_BYTES - 1);
    assert_non_null(mkdtemp(path));
}

int test_folder_count(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

void test_folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char file[TEST_FOLDER_BYTES + sizeof entry->d_name + 2];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        unlink(file); /* folders, "." among them, stay */
    }
    closedir(folder);
    assert_int_equal(rmdir(path), 0);
}

void test_write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void test_tree_put(const char *root, const char *name, const void *bytes, size_t size)
{
    char path[2 * TEST_FOLDER_BYTES];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    test_write_file(path, bytes, size);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void test_tree_remove(const char *root)
{
    assert_int_equal(nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}
