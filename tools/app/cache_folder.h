/* SPDX-License-Identifier: Apache-2.0 */
/* Where octet keeps what can be worked out again. */
#ifndef TOOLS_CACHE_FOLDER_H
#define TOOLS_CACHE_FOLDER_H

#include "app/app.h"

/* $XDG_CACHE_HOME/octet or ~/.cache/octet, made where it is not there, for sessions on a GPU. NULL
 * with --no-cache, for other devices, and where there can be none. It lives as long as the app. */
const char *cache_folder(struct app *app, const char *device);

#endif
