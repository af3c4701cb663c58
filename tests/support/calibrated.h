/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of calibrations begin with: a small detector, and a place for a statistics file. */
#ifndef TESTS_CALIBRATED_H
#define TESTS_CALIBRATED_H

#include "counting_context.h"
#include "folder.h"
#include "small_detector.h"

extern struct test_context test;
extern char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
extern octet_model *model;

/* For cmocka_run_group_tests(); what is left allocated fails the group. */
int set_up(void **state);
int tear_down(void **state);

#endif
