/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial_engine medium|family FILE: writes an INT8 engine of random weights, calibrated on random
 * pictures: YOLOv8m's layers and channels, or what YOLO11, 12 and 26 have beside YOLOv8. What a
 * machine with a GPU tests where no such model was carried to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "small_detector.h"

int main(int argc, char **argv)
{
    octet_context *context;
    const bool medium = argc == 3 && strcmp(argv[1], "medium") == 0;
    if (!medium && (argc != 3 || strcmp(argv[1], "family") != 0)) {
        fprintf(stderr, "usage: trial_engine medium|family FILE\n");
        return 2;
    }
    if (octet_context_create(NULL, &context))
        return 1;
    octet_engine *engine = test_engine(
        context, medium ? TEST_DETECTOR_MEDIUM : TEST_DETECTOR_FAMILY, OCTET_PRECISION_INT8);
    const octet_status status = octet_engine_save(context, engine, argv[2]);
    if (status)
        fprintf(stderr, "trial_engine: %s\n", octet_context_message(context));
    octet_engine_free(&engine);
    octet_context_free(&context);
    return status ? 1 : 0;
}
