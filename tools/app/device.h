/* SPDX-License-Identifier: Apache-2.0 */
/* The words of --device. */
#ifndef TOOLS_DEVICE_H
#define TOOLS_DEVICE_H

#include "app/app.h"

/* Whether octet_session_settings takes the word for a device. */
bool device_is_known(const char *word);

/* One line about a word that is none, STATUS_USAGE. */
int device_refuse(struct app *app, const char *word);

/* The number of the GPU that a word stands for: N of "cuda:N", else 0. */
int device_gpu(const char *word);

#endif
