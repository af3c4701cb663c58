/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX models made in C, for tests: a message, and a small detector in many variants. */
#ifndef OCTET_TESTS_SUPPORT_ONNX_BUILDER_H
#define OCTET_TESTS_SUPPORT_ONNX_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "onnx.pb-c.h"

/* All functions fail the running test when memory runs out. Texts are copied. */
struct test_onnx {
    OctOnnx__ModelProto model;
    void *blocks; /* all memory of the message */
    uint64_t seed;
};

void test_onnx_init(struct test_onnx *onnx, int opset);
void test_onnx_free(struct test_onnx *onnx);

/* Element type and dimensions; a dimension of -1 is open. */
void test_onnx_input(struct test_onnx *onnx, const char *name, int type, int rank,
                     const int64_t *dims);
void test_onnx_output(struct test_onnx *onnx, const char *name);
void test_onnx_metadata(struct test_onnx *onnx, const char *key, const char *value);

/* Initializers. `values` NULL: random in [-range, range]. */
OctOnnx__TensorProto *test_onnx_floats(struct test_onnx *onnx, const char *name, int rank,
                                       const int64_t *dims, const float *values, float range);
OctOnnx__TensorProto *test_onnx_ints(struct test_onnx *onnx, const char *name, int rank,
                                     const int64_t *dims, const int64_t *values);
/* A list of `count` integers. */
void test_onnx_list(struct test_onnx *onnx, const char *name, int count, ...);

/* `inputs` and `outputs` are names with commas between; an empty name is left out. */
OctOnnx__NodeProto *test_onnx_node(struct test_onnx *onnx, const char *op, const char *name,
                                   const char *inputs, const char *outputs);
void test_onnx_int(struct test_onnx *onnx, OctOnnx__NodeProto *node, const char *name,
                   int64_t value);
void test_onnx_float(struct test_onnx *onnx, OctOnnx__NodeProto *node, const char *name,
                     float value);
void test_onnx_string(struct test_onnx *onnx, OctOnnx__NodeProto *node, const char *name,
                      const char *value);
void test_onnx_int_list(struct test_onnx *onnx, OctOnnx__NodeProto *node, const char *name,
                        int count, ...);

/* The node of that name; fails the running test when there is none. */
OctOnnx__NodeProto *test_onnx_find(struct test_onnx *onnx, const char *name);

/* Zeroed memory that goes with the model. */
void *test_onnx_memory(struct test_onnx *onnx, size_t bytes);

/* Formatted text that goes with the model. */
const char *test_onnx_text(struct test_onnx *onnx, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The model as a file, in malloc'd memory. */
unsigned char *test_onnx_pack(const struct test_onnx *onnx, size_t *size);

/* What can differ in the small detector: 64x64 pixels,
 * strides 8, 16 and 32, 3 classes, reg_max 4. */
struct test_onnx_variant {
    int opset;              /* 0: 17 */
    int old_head;           /* boxes and classes concatenated at each level, split afterwards */
    int dynamic;            /* height and width open, metadata imgsz [64, 64] */
    int batchnorm;          /* after the second convolution */
    int identities;         /* Identity, Dropout and Cast in several places */
    int slices;             /* Slice in place of Split */
    int swapped;            /* operands of Mul and Add the other way round */
    int reversed;           /* nodes in reverse order */
    int split_in_attribute; /* before opset 13 */
    int transposed;         /* the output is batch x anchors x channels */
    int no_names;           /* nodes without names */
    int distances;          /* YOLO26's head: four distances, no Softmax */
    enum {
        TEST_ALL,          /* the prediction itself */
        TEST_BEST,         /* the best 30 pairs of cell and class, of the best 30 cells */
        TEST_BEST_BY_ROWS, /* the same with GatherND, as older exporters write it */
        TEST_BEST_OF_CELL  /* the best 30 cells, each with its best class */
    } taken;               /* x1, y1, x2, y2, score, class */
    int attention;         /* behind p3: one of enum test_attention; 0: none */
    /* Pools of all kinds, Pads and a transposed convolution in place of strides and Resize: 27
     * layers. Values have the names and sizes that they have without. */
    int pooled;
    int two_levels; /* of strides 16 and 32, as YOLOv3-tiny's head: 20 anchors */
};
#define TEST_TAKEN 30

/* How exporters write softmax(q k' / 2) v of 2 heads of 4 and 8 channels. */
enum test_attention {
    TEST_ATTENTION_SPLIT = 1, /* batch x heads x channels x pixels, split; q is scaled */
    TEST_ATTENTION_SCORES,    /* the scores are scaled, by a division; weights times v */
    TEST_ATTENTION_AREAS,     /* pixels before channels, in 4 areas; sliced */
    TEST_ATTENTION_SHUFFLED,  /* q, k and v of all heads follow each other, backwards */
    TEST_ATTENTION_ODD        /* as SPLIT, with 6 channels of q and k */
};
/* NAME.qkv, a convolution of `input`'s 16 channels, to NAME: weighed v and a convolution of v, and
 * what a convolution makes of their sum, added to the input. */
void test_onnx_attention(struct test_onnx *onnx, const char *name, const char *input, int side,
                         enum test_attention kind);

void test_onnx_detector(struct test_onnx *onnx, const struct test_onnx_variant *variant);

#endif
