/* SPDX-License-Identifier: Apache-2.0 */
/* What the options that all verbs share say of a session. */
#ifndef TOOLS_SESSION_SETTINGS_H
#define TOOLS_SESSION_SETTINGS_H

#include "app/options.h"

/* The defaults, with the program's threads, kernel sets and cache, on `device` (NULL: the CPU), at
 * a size whose zeros stand for the model's. */
octet_session_settings app_session_settings(struct app *app, const char *device,
                                            struct input_size size);

/* The same of a calibration, on the device of the program's options. */
octet_calibration_settings app_calibration_settings(const struct app *app, struct input_size size);

#endif
