/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that are no files: addresses of cameras and descriptions of pipelines. */
#ifndef TOOLS_ADDRESS_H
#define TOOLS_ADDRESS_H

#include <stdbool.h>

/* SCHEME://... */
bool is_address(const char *source);

/* Elements of GStreamer with " ! " between them. */
bool is_pipeline(const char *source);

/* The text, addresses in it without passwords ("rtsp://user:***@host/"), and so the values that are
 * named like some ("password=***"). The caller frees it. */
char *without_passwords(const char *text);

/* The address with what its user and password should not hold unescaped ('@', '/', ...) in
 * percent signs; other text as it is. The caller frees it. */
char *address_escaped(const char *source);

#endif
