/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a NumPy file: an error, or an array of which every byte is there; never a crash, a
 * leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "models/model_file.h"
#include "run/npy_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct app app = {.quiet = true};
    struct npy array;
    enum file_kind kind;
    unsigned sum = 0;
    fuzz_enter_folder();
    fuzz_write_file("a.npy", data, size);
    if (npy_read(&app, "a.npy", &array) == STATUS_DONE) {
        const size_t bytes = array.count * (array.type == NPY_FLOAT32 ? 4 : 1);
        if (bytes > size || array.rank > NPY_RANK_MAX)
            abort();
        for (size_t i = 0; i < bytes; i++)
            sum += ((const uint8_t *)array.data)[i];
        npy_free(&array);
    }
    if (file_kind_of(&app, "a.npy", &kind) != STATUS_DONE || !file_kind_name(kind))
        abort();
    return sum == (unsigned)-1;
}
