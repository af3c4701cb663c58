/* SPDX-License-Identifier: Apache-2.0 */
/* The object "preprocessing" of engines and statistics: there is one way to make a picture an
 * input, and files say that they mean it. */
#ifndef OCTET_RUNTIME_CONTAINER_PREPROCESSING_H
#define OCTET_RUNTIME_CONTAINER_PREPROCESSING_H

#include "base/fields.h"

/* Reads the object strictly; `padding_included` is a field of it where that is not NULL. `*differs`
 * becomes the field that asks for something else than octet does, or NULL. */
octet_status oct_preprocessing_read(const struct oct_field_place *place,
                                    const struct oct_json_value *object, int *padding_included,
                                    const char **differs);

/* Adds the object; with `padding_included` unless that is NULL. */
void oct_preprocessing_add(struct oct_text *out, const int *padding_included);

#endif
