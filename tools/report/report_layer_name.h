/* SPDX-License-Identifier: Apache-2.0 */
/* Layers' names, which are ONNX tensors', in short. */
#ifndef TOOLS_REPORT_LAYER_NAME_H
#define TOOLS_REPORT_LAYER_NAME_H

#include <stddef.h>

/* "model.22/cv2.0.1" of "/model.22/cv2.0/cv2.0.1/act/Mul_output_0"; other names stay. The caller
 * frees it. */
char *layer_name_short(const char *name);

/* The first `words` words of the short name, "model.22/cv2" with two: of the second, and those
 * after it, what follows a point is left out. At most `size` - 1 bytes, whole characters. */
void layer_name_part(const char *name, int words, char *part, size_t size);

/* Without "model." and "one2one_", and shortened to so many columns. The caller frees it. */
char *layer_name_fit(const char *name, int columns);

#endif
