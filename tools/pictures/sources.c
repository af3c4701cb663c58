/* SPDX-License-Identifier: Apache-2.0 */
/* What a SOURCE is, and so who reads it. */
#include "pictures/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/address.h"
#include "app/paths.h"
#include "pictures/data_yaml.h"
#include "pictures/source_folder.h"
#include "pictures/source_list.h"
#include "pictures/stream_frames.h"

static const char *const lists[] = {"txt", NULL};
static const char *const yamls[] = {"yaml", "yml", NULL};

/* Splits "data.yaml:val"; NULL when `source` is no such thing. The caller frees the file part. */
static char *split_yaml(const char *source, const char **split)
{
    const char *colon = strrchr(source, ':');
    if (!colon)
        return NULL;
    char *path = app_printf("%.*s", (int)(colon - source), source);
    if (path_has_extension(path, yamls)) {
        *split = colon + 1;
        return path;
    }
    free(path);
    return NULL;
}

/* A source that is there. */
static int add_existing(struct app *app, struct sources *sources, const char *source,
                        const struct stat *entry)
{
    if (S_ISDIR(entry->st_mode))
        return sources_add_folder(app, sources, source, false);
    if (path_has_extension(source, lists))
        return sources_add_list(app, sources, source);
    if (path_has_extension(source, yamls))
        return data_yaml_add(app, sources, source, "train");
    if (path_is_film(source) && S_ISREG(entry->st_mode))
        return sources_add_film(app, sources, VIDEO_FILE, source);
    if (is_camera(entry))
        return sources_add_film(app, sources, VIDEO_DEVICE, source);
    if (S_ISREG(entry->st_mode))
        sources_append(sources, source);
    else
        sources_add_stream(sources, source, &pipe_frames);
    return STATUS_DONE;
}

int sources_add(struct app *app, struct sources *sources, const char *source)
{
    struct stat entry;
    const char *split;
    if (strcmp(source, "-") == 0 || strcmp(source, "/dev/stdin") == 0) {
        sources_add_stream(sources, "stdin", &standard_input_frames);
        return STATUS_DONE;
    }
    if (stat(source, &entry) == 0)
        return add_existing(app, sources, source, &entry);
    int error = errno;
    if (path_is_link(source) && path_is_picture(source)) { /* as in a folder */
        sources_take(sources, source, false);
        return STATUS_DONE;
    }
    char *yaml = split_yaml(source, &split);
    if (yaml) {
        int status = data_yaml_add(app, sources, yaml, split);
        free(yaml);
        return status;
    }
    if (is_pipeline(source))
        return sources_add_film(app, sources, VIDEO_PIPELINE, source);
    if (is_address(source))
        return sources_add_film(app, sources, VIDEO_ADDRESS, source);
    if (strpbrk(source, "*?[{"))
        return sources_add_pattern(app, sources, source);
    if (strncmp(source, "/dev/video", 10) == 0)
        return app_fail(app, "%s: no such camera: none is connected, or not here", source);
    return app_fail(app, "%s: %s", source,
                    error == ENOENT ? "no such file or folder" : strerror(error));
}
