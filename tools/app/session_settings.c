/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a session's or a calibration's settings of the program's options. */
#include "app/session_settings.h"

#include "app/cache_folder.h"

octet_session_settings app_session_settings(struct app *app, const char *device,
                                            struct input_size size)
{
    octet_session_settings settings;
    octet_session_defaults(&settings);
    settings.height = size.height;
    settings.width = size.width;
    settings.threads = app->threads;
    settings.cpu = app->cpu;
    settings.device = device;
    settings.cache = cache_folder(app, device);
    return settings;
}

octet_calibration_settings app_calibration_settings(const struct app *app, struct input_size size)
{
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.height = size.height;
    settings.width = size.width;
    settings.threads = app->threads;
    settings.cpu = app->cpu;
    settings.device = app->device;
    return settings;
}
