/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that reads a camera: its newest frame is on the desk. A camera that goes away is asked
 * again, less and less often; a film that ends has ended, unless it is to begin anew. */
#ifndef TOOLS_CAMERA_READER_H
#define TOOLS_CAMERA_READER_H

#include "watch/watch.h"

struct camera_reader;

/* Reads camera number `camera`; NULL, and reported, where the thread cannot be made. */
struct camera_reader *camera_reader_start(struct watch *watch, size_t camera);

/* Nothing comes from it any more. */
bool camera_reader_is_over(const struct camera_reader *reader);

/* Waits for the thread, which ends when it is over or watch->is_ending. Accepts a pointer to
 * NULL. */
void camera_reader_join(struct camera_reader **reader);

#endif
