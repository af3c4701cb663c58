/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family and the size stand in the description that the exporter wrote, "Ultralytics YOLO26n
 * model trained on coco.yaml"; nothing else in a file tells most of them apart. It is believed
 * where the head is one that the family has.
 */
#include "inspect/family_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DISTRIBUTIONS "dfl"
#define DISTANCES "distances"

static const struct family {
    const char *name, *sizes; /* letters behind the name */
    const char *head;         /* as octet_info has it */
    bool one_to_one;          /* exported so that the best boxes are taken, and none suppressed */
} families[] = {
    {"YOLOv3", "", DISTRIBUTIONS, false},      {"YOLOv5", "nsmlx", DISTRIBUTIONS, false},
    {"YOLOv6", "nsmlx", DISTRIBUTIONS, false}, {"YOLOv8", "nsmlx", DISTRIBUTIONS, false},
    {"YOLOv9", "tsmce", DISTRIBUTIONS, false}, {"YOLOv10", "nsmblx", DISTRIBUTIONS, true},
    {"YOLO11", "nsmlx", DISTRIBUTIONS, false}, {"YOLO12", "nsmlx", DISTRIBUTIONS, false},
    {"YOLO26", "nsmlx", DISTANCES, true},
};

/* How much of `text`, behind family and size, is part of the name: a variant, and the 'u' of v3's
 * and v5's. */
static size_t variant_length(const char *text)
{
    static const char *const variants[] = {"-tiny", "-spp", "-ghost-p2", "-ghost-p6", "-ghost",
                                           "-p2",   "-p6",  "6",         ""};
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        size_t length = strlen(variants[i]);
        if (strncmp(text, variants[i], length) != 0)
            continue;
        length += text[length] == 'u';
        if (!isalnum((unsigned char)text[length]))
            return length;
    }
    return 0;
}

/* How long the name at `text` is; 0: it is another. */
static size_t length_of(const struct family *family, const char *text)
{
    size_t length = strlen(family->name);
    if (strncmp(text, family->name, length) != 0)
        return 0;
    length += text[length] && strchr(family->sizes, text[length]);
    length += variant_length(text + length);
    return isalnum((unsigned char)text[length]) ? 0 : length;
}

static const struct family *find(const char *description, const char **name, size_t *length)
{
    for (const char *at = strstr(description, "YOLO"); at; at = strstr(at + 1, "YOLO"))
        for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
            *name = at;
            *length = length_of(&families[i], at);
            if (*length)
                return &families[i];
        }
    return NULL;
}

const char *family_text(const struct subject *subject, char text[FAMILY_TEXT_BYTES])
{
    octet_info info;
    octet_detect_settings settings;
    const char *name;
    size_t length;
    subject_info(subject, &info);
    const int own = subject_settings(subject, &settings);
    const struct family *family = find(info.name, &name, &length);
    if (!family || strcmp(info.head, family->head) != 0) {
        family = NULL;
        name = "YOLO detector";
        length = strlen(name);
    }
    snprintf(text, FAMILY_TEXT_BYTES, "%.*s%s, %d class%s", (int)length, name,
             family && family->one_to_one && own && settings.iou >= 1.0 ? ", one-to-one head" : "",
             info.class_count, info.class_count == 1 ? "" : "es");
    return text;
}
