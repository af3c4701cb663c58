/* SPDX-License-Identifier: Apache-2.0 */
/* Names as levels of MQTT's topics. */
#ifndef TOOLS_MQTT_TOPIC_H
#define TOOLS_MQTT_TOPIC_H

#include <stdbool.h>

/* A copy of a name as one level of a topic: '/', '+', '#', control characters and bytes that are
 * no UTF-8 become '_', an empty name too. The caller frees it. */
char *mqtt_level(const char *name);

/* Whether this is a topic, or the beginning of one: levels with '/' between, none of them empty, of
 * characters that mqtt_level() leaves as they are; 400 bytes at most, and no '$' in front, which is
 * the broker's own. */
bool mqtt_topic_is_good(const char *topic);

#endif
