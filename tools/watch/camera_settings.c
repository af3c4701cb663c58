/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the list of cameras, each with a source and a name of its own. */
#include "watch/camera_settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "app/address.h"
#include "app/paths.h"

const struct film_request *camera_request(const struct camera_settings *camera)
{
    return sources_film(&camera->source, 0);
}

/* The part of a source that tells it from others: a file without folder and ending, the host and
 * path of an address without user, a device; of a pipeline, nothing. */
static char *distinct_part(const char *source)
{
    if (is_pipeline(source))
        return app_strdup("pipeline");
    const char *at = strstr(source, "://");
    if (is_address(source) && strncmp(source, "file:", 5) != 0) {
        char *clean = without_passwords(at + 3 - 3); /* from the "://" on: users are hidden */
        const char *user = strchr(clean, '@');
        char *part = app_strdup(user ? user + 1 : clean + 3);
        part[strcspn(part, "?#")] = '\0';
        free(clean);
        return part;
    }
    char *part = app_strdup(path_name(source));
    char *dot = strrchr(part, '.');
    if (dot && dot != part)
        *dot = '\0';
    return part;
}

static bool is_taken(const struct camera_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->cameras[i].name, name) == 0)
            return true;
    return false;
}

/* Letters, digits, '-', '_' and '.', by which outputs can name it. */
static char *make_name(const struct camera_list *list, const char *source)
{
    char *part = distinct_part(source), *name;
    size_t length = 0;
    for (const char *c = part; *c && length < CAMERA_NAME_BYTES_MAX / 2; c++) {
        const bool plain = isalnum((unsigned char)*c) || strchr("-_.", *c);
        if (plain || (length && part[length - 1] != '-'))
            part[length++] = plain ? *c : '-';
    }
    while (length && part[length - 1] == '-')
        length--;
    part[length] = '\0';
    name = app_strdup(length ? part : "camera");
    for (unsigned number = 2; is_taken(list, name); number++) {
        free(name);
        name = app_printf("%s-%u", length ? part : "camera", number);
    }
    free(part);
    return name;
}

static int check_name(struct app *app, const struct camera_list *list, const char *name)
{
    if (!name[0] || strlen(name) > CAMERA_NAME_BYTES_MAX)
        return app_fail(app, "a camera's name has 1 to %d bytes", CAMERA_NAME_BYTES_MAX);
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return app_fail(app, "the name of a camera, '%s', has control characters", name);
    if (is_taken(list, name))
        return app_fail(app, "two cameras are called '%s'", name);
    return STATUS_DONE;
}

static int take_source(struct app *app, struct camera_settings *camera, const char *source)
{
    int status = sources_add(app, &camera->source, source);
    if (status != STATUS_DONE)
        return status;
    if (camera->source.count == 1 && camera_request(camera))
        return STATUS_DONE;
    return app_fail(app, "%s: not a film, a camera or a pipeline",
                    camera->source.count == 1 ? camera->source.path[0] : source);
}

int camera_list_add(struct app *app, struct camera_list *list,
                    const struct camera_settings *defaults, const char *name, const char *source,
                    struct camera_settings **added)
{
    if (list->count == CAMERAS_MAX)
        return app_fail(app, "more than %d cameras", CAMERAS_MAX);
    if (name) {
        const int status = check_name(app, list, name);
        if (status != STATUS_DONE)
            return status;
    }
    list->cameras = app_resize(list->cameras, list->count + 1, sizeof *list->cameras);
    struct camera_settings *camera = &list->cameras[list->count];
    *camera = (struct camera_settings){
        .name = name ? app_strdup(name) : make_name(list, source),
        .classes = defaults->classes ? app_strdup(defaults->classes) : NULL,
        .confidence = defaults->confidence,
        .iou = defaults->iou,
        .fps = defaults->fps,
        .weight = defaults->weight,
    };
    list->count++;
    *added = camera;
    return take_source(app, camera, source);
}

void camera_list_free(struct camera_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct camera_settings *camera = &list->cameras[i];
        free(camera->name);
        free(camera->classes);
        free(camera->class_list.ids);
        sources_free(&camera->source);
        zones_free(camera->zones, camera->zone_count);
    }
    free(list->cameras);
    *list = (struct camera_list){0};
}
