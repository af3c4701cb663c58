/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a picture of noise, the same every time. */
#include "models/noise.h"

#include <stdlib.h>

#include "app/allocate.h"

/* state * A + C: the generator "quick and dirty" of Numerical Recipes; its high bits are used. */
#define GENERATOR_A 1664525u
#define GENERATOR_C 1013904223u

octet_status noise_set(octet_session *session, int slots)
{
    const size_t size =
        3 * (size_t)octet_session_height(session) * (size_t)octet_session_width(session);
    uint8_t *pixels = app_alloc(size, 1);
    uint32_t state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * GENERATOR_A + GENERATOR_C;
        pixels[i] = (uint8_t)(state >> 24);
    }
    octet_status status = OCTET_OK;
    for (int i = 0; i < slots && status == OCTET_OK; i++)
        status = octet_session_set_pixels(session, i, pixels);
    free(pixels);
    return status;
}
