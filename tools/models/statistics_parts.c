/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of the parts of statistics, as a table and as JSON. */
#include "models/statistics_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/terminal_text.h"

bool statistics_have_parts(const octet_statistics *statistics)
{
    octet_statistics_info info;
    octet_part_statistics part;
    octet_statistics_info_get(statistics, &info);
    return info.part_count > 1 || *info.shards ||
           (octet_statistics_part(statistics, 0, &part) == OCTET_OK && *part.source);
}

int weights_check(struct app *app, const char *weights, int parts)
{
    if (!weights || strcmp(weights, "images") == 0 || strcmp(weights, "equal") == 0)
        return STATUS_DONE;
    int count = 1;
    for (const char *comma = weights; (comma = strchr(comma, ',')); comma++)
        count++;
    if (strspn(weights, "0123456789.,eE+-") != strlen(weights))
        return app_usage(app, "--weights '%s': must be images, equal, or W1,W2,...", weights);
    if (parts && count != parts)
        return app_usage(app, "--weights '%s': %d of them, but there %s %d size%s", weights, count,
                         parts == 1 ? "is" : "are", parts, parts == 1 ? "" : "s");
    return STATUS_DONE;
}

int statistics_weigh(struct app *app, octet_statistics *statistics, const char *weights)
{
    const octet_status status = weights ? octet_statistics_weigh(statistics, weights) : OCTET_OK;
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_statistics_message(statistics));
}

json_t *statistics_parts_json(const octet_statistics *statistics)
{
    octet_part_statistics part;
    json_t *list = json_new_array();
    for (int i = 0; octet_statistics_part(statistics, i, &part) == OCTET_OK; i++) {
        json_t *object = json_new_object();
        json_put(object, "height", json_integer(part.height));
        json_put(object, "width", json_integer(part.width));
        json_put(object, "source", json_text(part.source));
        json_put(object, "images", json_integer((json_int_t)part.image_count));
        json_put(object, "images_fingerprint", json_text(part.images_fingerprint));
        json_push(list, object);
    }
    return list;
}

void statistics_print_parts(const octet_statistics *statistics)
{
    octet_part_statistics part;
    for (int i = 0; octet_statistics_part(statistics, i, &part) == OCTET_OK; i++) {
        printf("  part %-3d %4dx%-4d  %6lld picture%s  %.12s", i, part.height, part.width,
               (long long)part.image_count, part.image_count == 1 ? " " : "s",
               part.images_fingerprint);
        if (*part.source) {
            fputs("  ", stdout);
            print_clean(part.source);
        }
        putchar('\n');
    }
}

char *statistics_sizes_text(const octet_statistics *statistics)
{
    octet_part_statistics part, before = {0};
    char *text = app_strdup("");
    for (int i = 0; octet_statistics_part(statistics, i, &part) == OCTET_OK; before = part, i++) {
        if (part.height == before.height && part.width == before.width)
            continue;
        char *longer = app_printf("%s%s%dx%d", text, *text ? ", " : "", part.height, part.width);
        free(text);
        text = longer;
    }
    return text;
}
