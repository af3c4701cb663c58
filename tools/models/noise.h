/* SPDX-License-Identifier: Apache-2.0 */
/* A picture for measuring by. */
#ifndef TOOLS_NOISE_H
#define TOOLS_NOISE_H

#include <octet/octet.h>

/* Puts a picture of noise, the same every time, into the session's first `slots` slots: what the
 * network makes of it takes no other time than a real one, and no kernel profits from blank
 * input. */
octet_status noise_set(octet_session *session, int slots);

#endif
