/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a picture: an error, or a picture that can be letterboxed; never a crash, a leak or
 * a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "runtime/image/raster.h"

#define MEMORY_MAX ((size_t)1 << 30) /* that one input may hold */
#define BLOCK_MAX ((size_t)16 << 20) /* of it in one block */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SIDE = 64 };
    static uint8_t pixels[SIDE * SIDE * 3];
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    octet_image *image;
    octet_letterbox geometry;
    const octet_status status = octet_image_decode(&ctx, data, size, "fuzz.jpg", &image);
    if ((status == OCTET_OK) != (image != NULL) || (status && !ctx.message[0]))
        abort();
    if (image) {
        const int width = octet_image_width(image), height = octet_image_height(image);
        if (width < 1 || height < 1 || !octet_image_pixels(image))
            abort();
        if (octet_letterbox_image(&ctx, image, SIDE, SIDE, pixels, &geometry) != OCTET_OK)
            abort();
    }
    octet_image_free(&image);
    if (pool.live)
        abort();
    return 0;
}
