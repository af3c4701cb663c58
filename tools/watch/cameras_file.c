/* SPDX-License-Identifier: Apache-2.0 */
/* Reads CAMERAS.yaml. */
#include "watch/cameras_file.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/address.h"
#include "app/paths.h"
#include "watch/yaml_keys.h"
#include "watch/zone_text.h"

struct reading {
    struct yaml_place place;
    const struct camera_settings *defaults;
    struct camera_list *list;
    struct cameras_file *file;
    const char *camera;           /* whose keys are read, or NULL */
    struct camera_settings *read; /* likewise */
};

static const char *text_of(const struct reading *reading, const struct yaml_node *node,
                           const char *what)
{
    return yaml_text(reading->place.app, reading->place.path, node, what);
}

/* A name or a list of names, as --classes has them. */
static int take_classes(void *user, const struct yaml_node *value, const char *name)
{
    struct reading *reading = user;
    char **classes = &reading->read->classes;
    if (value->kind != YAML_SEQUENCE)
        return yaml_take_copy(&reading->place, value, name, classes);
    char *joined = NULL;
    for (const struct yaml_node *item = value->first; item; item = item->next) {
        const char *text = text_of(reading, item, "classes: not a name or number");
        if (!text) {
            free(joined);
            return STATUS_FAILED;
        }
        char *longer = joined ? app_printf("%s,%s", joined, text) : app_strdup(text);
        free(joined);
        joined = longer;
    }
    if (!joined)
        return yaml_refuse(&reading->place, value, name,
                           "an empty list: leave it out for all classes");
    free(*classes);
    *classes = joined;
    return STATUS_DONE;
}

/* A number of a camera, by its key. */
static int take_camera_number(void *user, const struct yaml_node *value, const char *name)
{
    static const struct {
        const char *name;
        size_t offset; /* of a double in struct camera_settings */
        double minimum, maximum;
    } numbers[] = {
        {"confidence", offsetof(struct camera_settings, confidence), 0, 1},
        {"iou", offsetof(struct camera_settings, iou), 0, 1},
        {"fps", offsetof(struct camera_settings, fps), 0, CAMERA_FPS_MAX},
        {"weight", offsetof(struct camera_settings, weight), CAMERA_WEIGHT_MIN, CAMERA_WEIGHT_MAX},
    };
    struct reading *reading = user;
    size_t i = 0;
    while (strcmp(numbers[i].name, name) != 0)
        i++;
    return yaml_take_number(&reading->place, value, name, numbers[i].minimum, numbers[i].maximum,
                            (double *)(void *)((char *)reading->read + numbers[i].offset));
}

static int add_zone(struct reading *reading, const struct yaml_node *value, const char *name)
{
    struct camera_settings *camera = reading->read;
    struct zone zone = {0};
    if (camera->zone_count == ZONES_MAX)
        return app_fail(reading->place.app, "%s: line %d: more than %d zones", reading->place.path,
                        value->line, ZONES_MAX);
    char *problem = zone_read(value, &zone);
    if (problem) {
        const int status = yaml_refuse(&reading->place, value, name, problem);
        free(problem);
        free(zone.corners);
        return status;
    }
    zone.name = app_strdup(name);
    camera->zones = app_resize(camera->zones, camera->zone_count + 1, sizeof *camera->zones);
    camera->zones[camera->zone_count++] = zone;
    return STATUS_DONE;
}

static int take_zones(void *user, const struct yaml_node *value, const char *name)
{
    struct reading *reading = user;
    if (value->kind != YAML_MAPPING)
        return yaml_refuse(&reading->place, value, name,
                           "must be NAME: [[x, y], [x, y], [x, y], ...]");
    for (const struct yaml_node *zone = value->first; zone; zone = zone->next) {
        const char *zone_name = text_of(reading, zone->key, "zones: not a name");
        const int status =
            zone_name ? add_zone(reading, yaml_value(zone), zone_name) : STATUS_FAILED;
        if (status != STATUS_DONE)
            return status;
    }
    return STATUS_DONE;
}

/* `source` and `name` were read before. */
static int pass_over(void *user, const struct yaml_node *value, const char *name)
{
    (void)user;
    (void)value;
    (void)name;
    return STATUS_DONE;
}

/* A film's path is one from the file's folder, or else from the current one. */
static int add_source(struct reading *reading, const char *name, const struct yaml_node *node)
{
    const char *text = text_of(reading, node, "a camera's source must be an address or a path");
    if (!text)
        return STATUS_FAILED;
    const char *slash = strrchr(reading->place.path, '/');
    char *beside = NULL;
    if (slash && text[0] != '/' && !is_address(text) && !is_pipeline(text)) {
        beside =
            app_printf("%.*s%s", (int)(slash + 1 - reading->place.path), reading->place.path, text);
        if (!path_exists(beside)) {
            free(beside);
            beside = NULL;
        }
    }
    const int status = camera_list_add(reading->place.app, reading->list, reading->defaults, name,
                                       beside ? beside : text, &reading->read);
    free(beside);
    return status;
}

static int add_mapping(struct reading *reading, const char *name, const struct yaml_node *mapping)
{
    static const struct yaml_key keys[] = {
        {"source", pass_over},          {"name", pass_over},
        {"classes", take_classes},      {"confidence", take_camera_number},
        {"iou", take_camera_number},    {"fps", take_camera_number},
        {"weight", take_camera_number}, {"zones", take_zones},
    };
    const struct yaml_node *source = yaml_pair(mapping, "source");
    const struct yaml_node *named = name ? NULL : yaml_pair(mapping, "name");
    if (!source || source->kind == YAML_NULL)
        return yaml_refuse(&reading->place, mapping, "source", "a camera must have one");
    if (named && !(name = text_of(reading, named, "name: not a name")))
        return STATUS_FAILED;
    const int status = add_source(reading, name, source);
    return status == STATUS_DONE
               ? yaml_keys_read(&reading->place, mapping, keys, sizeof keys / sizeof *keys, reading)
               : status;
}

static int take_cameras(void *user, const struct yaml_node *value, const char *name)
{
    struct reading *reading = user;
    if (value->kind == YAML_SCALAR)
        return yaml_refuse(&reading->place, value, name, "must be NAME: SOURCE, one or more");
    for (const struct yaml_node *camera = value->first; camera; camera = camera->next) {
        const struct yaml_node *entry = yaml_value(camera);
        const char *camera_name = NULL;
        if (value->kind == YAML_MAPPING &&
            !(camera_name = text_of(reading, camera->key, "cameras: not a name")))
            return STATUS_FAILED;
        const int status = entry->kind == YAML_MAPPING ? add_mapping(reading, camera_name, entry)
                                                       : add_source(reading, camera_name, entry);
        if (status != STATUS_DONE)
            return status;
    }
    return STATUS_DONE;
}

static int take_max_age(void *user, const struct yaml_node *value, const char *name)
{
    struct reading *reading = user;
    return yaml_take_number(&reading->place, value, name, 0, MAX_AGE_MS_MAX,
                            &reading->file->max_age_ms);
}

/* A text that says where results go, by its key. */
static int take_target(void *user, const struct yaml_node *value, const char *name)
{
    static const struct {
        const char *name;
        size_t offset; /* of a char * in struct watch_targets */
    } texts[] = {
        {"output", offsetof(struct watch_targets, output)},
        {"socket", offsetof(struct watch_targets, socket)},
        {"http", offsetof(struct watch_targets, http)},
        {"mqtt", offsetof(struct watch_targets, mqtt)},
        {"address", offsetof(struct watch_targets, mqtt)},
        {"topic", offsetof(struct watch_targets, topic)},
        {"ca", offsetof(struct watch_targets, certificates)},
    };
    struct reading *reading = user;
    size_t i = 0;
    while (strcmp(texts[i].name, name) != 0)
        i++;
    return yaml_take_copy(&reading->place, value, name,
                          (char **)(void *)((char *)&reading->file->targets + texts[i].offset));
}

static int take_mqtt(void *user, const struct yaml_node *value, const char *name)
{
    struct reading *reading = user;
    static const struct yaml_key keys[] = {
        {"address", take_target}, {"topic", take_target}, {"ca", take_target}};
    if (value->kind != YAML_MAPPING)
        return take_target(reading, value, name);
    return yaml_keys_read(&reading->place, value, keys, sizeof keys / sizeof *keys, reading);
}

bool cameras_file_is(const char *path)
{
    static const char *const yamls[] = {"yaml", "yml", NULL};
    return path_has_extension(path, yamls);
}

int cameras_file_read(struct app *app, const char *path, const struct camera_settings *defaults,
                      struct camera_list *list, struct cameras_file *file)
{
    static const struct yaml_key keys[] = {
        {"cameras", take_cameras}, {"max_age_ms", take_max_age}, {"output", take_target},
        {"socket", take_target},   {"http", take_target},        {"mqtt", take_mqtt},
    };
    struct reading reading = {
        .place = {app, path}, .defaults = defaults, .list = list, .file = file};
    const size_t before = list->count;
    struct yaml yaml;
    int status = yaml_read(app, path, &yaml);
    if (status == STATUS_DONE)
        status =
            yaml_keys_read(&reading.place, yaml.root, keys, sizeof keys / sizeof *keys, &reading);
    if (status == STATUS_DONE && list->count == before)
        status = app_fail(app, "%s: no cameras in it", path);
    yaml_free(&yaml);
    return status;
}

void watch_targets_free(struct watch_targets *targets)
{
    char *const texts[] = {targets->output, targets->socket,       targets->mqtt,
                           targets->topic,  targets->certificates, targets->http};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
}
