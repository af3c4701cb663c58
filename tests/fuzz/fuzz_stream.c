/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what comes out of a pipe: pictures one after another, each with its bytes or with
 * the reason why not; never a crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN
 * defined, a program that takes files.
 */
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "fuzz.h"
#include "pictures/picture_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct app app = {.quiet = true};
    struct picture_stream stream;
    struct streamed streamed;
    size_t bytes = 0;
    fuzz_enter_folder();
    if (!app.context && app_open(&app) != STATUS_DONE)
        abort();
    fuzz_write_file("a.ppm", data, size);
    picture_stream_open(&stream, "a.ppm", false);
    while (picture_stream_next(&stream, app.context, &streamed)) {
        octet_image *image = NULL;
        if (!streamed.name || !streamed.bytes == !streamed.message ||
            (streamed.bytes && !memmem(data, size, streamed.bytes, streamed.size)))
            abort();
        if (streamed.bytes)
            octet_image_decode(app.context, streamed.bytes, streamed.size, streamed.name, &image);
        octet_image_free(&image);
        bytes += streamed.size;
        free(streamed.name);
        free(streamed.bytes);
        free(streamed.message);
    }
    picture_stream_close(&stream);
    if (bytes > size)
        abort();
    return 0;
}
