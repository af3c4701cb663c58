/* SPDX-License-Identifier: Apache-2.0 */
/* A network and an ONNX graph run plainly in float, to compare one with the other. */
#ifndef OCTET_TESTS_SUPPORT_NETWORK_RUN_H
#define OCTET_TESTS_SUPPORT_NETWORK_RUN_H

#include "compiler/graph/imported.h"

/* Runs the network's layers on planes [3][height][width] and decodes: [4 + classes][anchors] in
 * malloc'd memory. `height` and `width` are multiples of the largest stride. */
float *test_network_run(const struct oct_network *network, const float *planes, int height,
                        int width, int *anchors);

/* Runs the graph of an ONNX file as it stands in the file, before any pass, on one picture; its
 * first output in malloc'd memory, with its number of elements. */
float *test_graph_run(octet_context *ctx, const void *bytes, size_t size, const float *planes,
                      int height, int width, size_t *count);

/* Random planes in [0, 1], in malloc'd memory. */
float *test_planes(int height, int width, unsigned seed);

/* Fails unless both predictions agree: boxes within `pixels`, scores within `score`. */
void test_compare_predictions(const float *is, const float *wanted, int classes, int anchors,
                              double pixels, double score);

#endif
