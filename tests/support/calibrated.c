/* SPDX-License-Identifier: Apache-2.0 */
/* Sets up, and takes down, what tests of calibrations begin with. */
#include "calibrated.h"

#include <stdio.h>

struct test_context test;
char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
octet_model *model;

int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/a.stats", folder);
    model = test_model(&test.context, TEST_DETECTOR_SMALL, 7);
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    octet_model_free(&model);
    test_folder_remove(folder);
    return test.live;
}
