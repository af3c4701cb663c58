/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces what topics of MQTT give a meaning to. */
#include "watch/outputs/mqtt_topic.h"

#include <string.h>

#include "app/allocate.h"
#include "app/terminal_text.h"

#define REPLACED '_'
#define TOPIC_BYTES_MAX 400
#define LAST_CHARACTER 0x10ffff

/* U+FFFE and its like are no characters, and brokers may cut off who sends them. */
static bool is_left(uint32_t character)
{
    const bool is_none =
        (character & 0xfffe) == 0xfffe || (character >= 0xfdd0 && character <= 0xfdef);
    return character <= LAST_CHARACTER && !is_none && !is_control(character) && character != '/' &&
           character != '+' && character != '#';
}

char *mqtt_level(const char *name)
{
    char *level = app_alloc(strlen(name) + 2, 1), *end = level;
    while (*name) {
        uint32_t character;
        const int length = text_character(name, &character);
        if (is_left(character)) {
            memcpy(end, name, (size_t)length);
            end += length;
        } else {
            *end++ = REPLACED;
        }
        name += length;
    }
    if (end == level)
        *level = REPLACED;
    return level;
}

bool mqtt_topic_is_good(const char *topic)
{
    bool begins_level = true;
    if (topic[0] == '$' || strlen(topic) > TOPIC_BYTES_MAX)
        return false;
    for (int length; *topic; topic += length) {
        uint32_t character;
        length = text_character(topic, &character);
        if (character == '/' ? begins_level : !is_left(character))
            return false;
        begins_level = character == '/';
    }
    return !begins_level;
}
