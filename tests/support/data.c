/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of test data and of the project's own files, and files read whole. */
#include "data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char *folder(void)
{
    const char *set = getenv("OCTET_TEST_DATA");
    return set && *set ? set : "../shared/data";
}

bool test_data_present(void)
{
    struct stat about;
    if (stat(folder(), &about) == 0 && S_ISDIR(about.st_mode))
        return true;
    printf("skipped: no test data at %s\n", folder());
    return false;
}

static const char *join(char path[TEST_PATH_BYTES], const char *above, const char *relative)
{
    int length = snprintf(path, TEST_PATH_BYTES, "%s/%s", above, relative);
    if (length < 0 || length >= TEST_PATH_BYTES)
        fail_msg("path too long: %s/%s", above, relative);
    return path;
}

const char *test_data_path(char path[TEST_PATH_BYTES], const char *relative)
{
    const bool is_bundled = strncmp(relative, "demo/", 5) == 0;
    return join(path, is_bundled ? OCTET_PROJECT_FOLDER : folder(), relative);
}

bool test_family_present(void)
{
    char path[TEST_PATH_BYTES];
    struct stat about;
    if (!test_data_present())
        return false;
    if (stat(test_data_path(path, "family/models"), &about) == 0 && S_ISDIR(about.st_mode))
        return true;
    puts("skipped: no test data of YOLO11 and YOLO26 (family)");
    return false;
}

const char *test_project_path(char path[TEST_PATH_BYTES], const char *relative)
{
    return join(path, OCTET_PROJECT_FOLDER, relative);
}

unsigned char *test_read_file(const char *path, size_t *size)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &about) != 0)
        fail_msg("%s cannot be opened", path);
    *size = (size_t)about.st_size;
    unsigned char *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        fail_msg("%s cannot be read", path);
    fclose(file);
    return bytes;
}
