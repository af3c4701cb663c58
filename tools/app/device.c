/* SPDX-License-Identifier: Apache-2.0 */
/* Knows the words of --device, before anything is opened. */
#include "app/device.h"

#include <stdlib.h>
#include <string.h>

#define GPU_PREFIX "cuda:"
#define GPU_MOST 63

static const char *const plain[] = {"cpu", "cuda", "auto"};

/* What follows "cuda:", or NULL. */
static const char *gpu_digits(const char *word)
{
    const size_t length = strlen(GPU_PREFIX);
    return strncmp(word, GPU_PREFIX, length) == 0 ? word + length : NULL;
}

bool device_is_known(const char *word)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(word, plain[i]) == 0)
            return true;
    const char *digits = gpu_digits(word);
    const size_t count = digits ? strlen(digits) : 0;
    return count >= 1 && count <= 2 && strspn(digits, "0123456789") == count &&
           device_gpu(word) <= GPU_MOST;
}

int device_refuse(struct app *app, const char *word)
{
    return app_usage(app, "--device '%s': must be cpu, cuda, cuda:N (N from 0 to %d) or auto", word,
                     GPU_MOST);
}

int device_gpu(const char *word)
{
    const char *digits = gpu_digits(word);
    return digits ? atoi(digits) : 0;
}
