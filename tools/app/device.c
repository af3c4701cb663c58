/* SPDX-License-Identifier: Apache-2.0 */
/* Knows the words of --device, before anything is opened. */
#include "app/device.h"

bool device_is_known(const char *word)
{
    int gpu;
    return octet_machine_device(word, &gpu) == OCTET_OK;
}

int device_refuse(struct app *app, const char *word)
{
    return app_usage(app, "--device '%s': must be cpu, cuda, cuda:N (N from 0 to %d) or auto", word,
                     OCTET_GPUS_MAX - 1);
}

int device_gpu(const char *word)
{
    int gpu;
    return octet_machine_device(word, &gpu) == OCTET_OK && gpu > 0 ? gpu : 0;
}
