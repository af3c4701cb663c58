/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a picture: an error, or a picture that can be letterboxed; never a crash, a leak or
 * a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>

#include "runtime/image/image.h"

#define PIXEL_BYTES_MAX ((size_t)16 << 20) /* a block that is larger fails, as memory does */

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    int *live = user;
    void *memory = NULL;
    if (bytes > PIXEL_BYTES_MAX || posix_memalign(&memory, alignment, bytes) != 0)
        return NULL;
    ++*live;
    return memory;
}

static void release(void *user, void *memory)
{
    --*(int *)user;
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SIDE = 64 };
    static uint8_t pixels[SIDE * SIDE * 3];
    int live = 0;
    octet_context ctx = {.allocator = {allocate, release, &live}};
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
    if (live)
        abort();
    return 0;
}

#ifdef OCTET_FUZZ_PLAIN
#include "base/file.h"

int main(int count, char **paths)
{
    octet_context ctx = {.message = ""};
    oct_allocator_default(&ctx.allocator);
    for (int i = 1; i < count; i++) {
        struct oct_file file;
        if (oct_file_open(&ctx, paths[i], &file) != OCTET_OK)
            continue;
        LLVMFuzzerTestOneInput(file.bytes, file.size);
        oct_file_close(&ctx, &file);
    }
    return 0;
}
#endif
