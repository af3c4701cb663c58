/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of file some bytes are, told by their content: for messages about files that are not
 * what was asked for. */
#ifndef OCTET_BASE_CONTENT_H
#define OCTET_BASE_CONTENT_H

#include <stddef.h>
#include <stdint.h>

struct oct_content {
    const char *name; /* as in "is NAME": "a PyTorch checkpoint (.pt)" */
    /* what to do when a model was wanted: "export it ...";
     * "" where there is nothing to say. Static text, both */
    const char *remedy;
};

/* NULL for content of no kind that is known. */
const struct oct_content *oct_recognise_content(const void *bytes, size_t size);

#endif
