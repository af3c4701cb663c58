/* SPDX-License-Identifier: Apache-2.0 */
/*
 * medium_engine FILE: writes an INT8 engine of YOLOv8m's layers and channels with random weights,
 * calibrated on random pictures: what a machine with a GPU tests where a model that large was not
 * carried to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "small_detector.h"

int main(int argc, char **argv)
{
    octet_context *context;
    if (argc != 2) {
        fprintf(stderr, "usage: medium_engine FILE\n");
        return 2;
    }
    if (octet_context_create(NULL, &context))
        return 1;
    octet_engine *engine = test_engine(context, TEST_DETECTOR_MEDIUM, OCTET_PRECISION_INT8);
    const octet_status status = octet_engine_save(context, engine, argv[1]);
    if (status)
        fprintf(stderr, "medium_engine: %s\n", octet_context_message(context));
    octet_engine_free(&engine);
    octet_context_free(&context);
    return status ? 1 : 0;
}
