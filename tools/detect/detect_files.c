/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what belongs to each picture, and never over what is read. */
#include "detect/detect_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/json_print.h"
#include "app/paths.h"
#include "detect/class_folders.h"
#include "draw/crop.h"
#include "pictures/label_path.h"

#define RESULTS "predictions.json" /* as Ultralytics calls it */

static bool is_in(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (!path[length] || path[length] == '/');
}

/* A source where results go could be overwritten by its own or another's. */
static int check_sources(struct app *app, const struct sources *sources, const char *folder)
{
    static const char *const below[] = {"labels", "crops", "frames"};
    char *real = realpath(folder, NULL);
    if (!real)
        return app_fail(app, "%s: %s", folder, strerror(errno));
    int status = STATUS_DONE;
    for (size_t i = 0; i < sources->count && status == STATUS_DONE; i++) {
        const char *path = sources->path[i], *slash = strrchr(path, '/');
        const struct film_request *film = sources_film(sources, i);
        if (sources_is_stream(sources, i) && !(film && film->kind == VIDEO_FILE))
            continue;
        char *parent = slash ? app_printf("%.*s/", (int)(slash - path), path) : app_strdup(".");
        char *place = realpath(parent, NULL);
        bool same = place && strcmp(place, real) == 0;
        for (size_t k = 0; k < sizeof below / sizeof *below && place && !same; k++) {
            char *own = path_join(real, below[k]);
            same = is_in(place, own);
            free(own);
        }
        if (same)
            status = app_fail(app,
                              "%s: holds the source %s, which would be overwritten; choose another "
                              "folder for -o",
                              folder, path);
        free(place);
        free(parent);
    }
    free(real);
    return status;
}

static int make_folder(struct detect_files *files, const char *name, char **folder)
{
    *folder = path_join(files->settings->folder, name);
    return output_make_folder(files->app, *folder, &files->made);
}

/* All that the run reads, and with label files the labels that the sources have. */
static void add_inputs(struct detect_files *files, const char *model)
{
    const struct sources *sources = files->sources;
    inputs_add(&files->inputs, model);
    inputs_add(&files->inputs, files->app->names);
    inputs_add(&files->inputs, files->settings->annotations);
    inputs_add_sources(&files->inputs, sources);
    for (size_t i = 0; i < sources->count && files->settings->text; i++) {
        char *labels = label_path(sources->path[i]);
        inputs_add(&files->inputs, labels);
        free(labels);
    }
}

static int protect(struct detect_files *files, const char *path)
{
    return inputs_protect(files->app, &files->inputs, NULL, path);
}

/* FOLDER/STEM and an ending takes the place of nothing that is read. */
static int check_output(struct detect_files *files, const char *folder, const char *stem,
                        const char *ending)
{
    char *name = app_printf("%s%s", stem, ending), *path = path_join(folder, name);
    const int status = protect(files, path);
    free(path);
    free(name);
    return status;
}

/* Before the work, for outputs whose names are known by then. */
static int check_outputs(struct detect_files *files)
{
    int status = STATUS_DONE;
    for (size_t i = 0; i < files->sources->count && status == STATUS_DONE; i++) {
        const struct output_name *name = &files->names.name[i];
        if (files->drawer && !files->settings->no_draw)
            status = check_output(files, files->settings->folder, name->stem, name->ending);
        if (status == STATUS_DONE && files->labels && !sources_film(files->sources, i))
            status = check_output(files, files->labels, name->stem, ".txt");
    }
    return status;
}

static int open_ids(struct detect_files *files)
{
    struct app *app = files->app;
    const char *annotations = files->settings->annotations;
    files->ids = app_alloc(files->sources->count, sizeof *files->ids);
    if (!annotations)
        return image_ids_by_name(app, files->sources, &files->names, files->ids);
    octet_status status = octet_truth_load(app->context, annotations, &files->truth);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    if (octet_truth_class_count(files->truth) == 0)
        return app_fail(app, "%s: no classes in it", annotations);
    class_match_find(app, files->engine, files->truth, &files->classes);
    return image_ids_by_annotations(app, files->sources, files->truth, annotations, files->ids);
}

static int open_results(struct detect_files *files)
{
    const char *path = files->results_path = path_join(files->settings->folder, RESULTS);
    int status = protect(files, path);
    if (status == STATUS_DONE)
        status = open_ids(files);
    if (status == STATUS_DONE)
        status = output_open(&files->results, files->app, path);
    if (status == STATUS_DONE)
        output_write(&files->results, "[", 1);
    return status;
}

/* One film alone: -o FILE. */
static int open_film(struct detect_files *files, const char *model)
{
    const char *path = files->settings->film;
    const struct sources *sources = files->sources;
    if (sources->count != 1 || !sources_film(sources, 0))
        return app_fail(files->app, "%s: a film comes of one film or camera: give -o a folder",
                        path);
    add_inputs(files, model);
    int status = output_check(files->app, path);
    if (status == STATUS_DONE)
        status = protect(files, path);
    if (status == STATUS_DONE)
        files->drawer = drawer_start(files->app, &files->settings->draw);
    return status;
}

int detect_files_open(struct detect_files *files, struct app *app, const char *model,
                      const struct detect_files_settings *settings, const struct sources *sources)
{
    *files = (struct detect_files){.app = app, .settings = settings, .sources = sources};
    if (settings->film)
        return open_film(files, model);
    if (!settings->folder)
        return STATUS_DONE;
    output_names_make(&files->names, sources);
    add_inputs(files, model);
    int status = output_make_folder(app, settings->folder, &files->made);
    if (status == STATUS_DONE)
        status = check_sources(app, sources, settings->folder);
    if (status == STATUS_DONE && files->names.numbered)
        app_say(app, "%zu source%s the name of an earlier one: what is written gets a number",
                files->names.numbered, files->names.numbered == 1 ? " has" : "s have");
    if (status == STATUS_DONE && settings->text)
        status = make_folder(files, "labels", &files->labels);
    if (status == STATUS_DONE && settings->crops)
        status = make_folder(files, "crops", &files->crops);
    if (status == STATUS_DONE && settings->frames)
        status = make_folder(files, "frames", &files->frames);
    if (status == STATUS_DONE && (!settings->no_draw || settings->frames))
        files->drawer = drawer_start(app, &settings->draw);
    return status == STATUS_DONE ? check_outputs(files) : status;
}

int detect_files_begin(struct detect_files *files, const octet_engine *engine)
{
    const struct detect_files_settings *settings = files->settings;
    octet_info info;
    int status = STATUS_DONE;
    if (!settings->folder && !settings->film)
        return STATUS_DONE;
    octet_engine_info(engine, &info);
    files->engine = engine;
    files->class_count = info.class_count;
    if (files->crops)
        files->class_folders = class_folders_make(engine, info.class_count);
    if (settings->results)
        status = open_results(files);
    if (status == STATUS_DONE && files->drawer)
        drawer_begin(files->drawer, engine);
    files->is_begun = status == STATUS_DONE;
    return status;
}

bool detect_files_need_image(const struct detect_files *files)
{
    return files->drawer || files->crops;
}

/* As FOLDER/NAME, which takes the place of nothing that is read. */
static int draw_into(struct detect_files *files, const char *folder, const char *name,
                     const struct drawing *drawing)
{
    char *path = path_join(folder, name);
    int status = protect(files, path);
    if (status == STATUS_DONE)
        status = draw_to_file(files->drawer, drawing, path);
    free(path);
    return status;
}

static int draw(struct detect_files *files, const char *stem, const char *ending,
                const octet_image *image, const struct detect_result *result)
{
    const struct drawing drawing = {image, result->detections, result->count};
    char *name = app_printf("%s%s", stem, ending);
    const int status = draw_into(files, files->settings->folder, name, &drawing);
    free(name);
    return status;
}

/* Ultralytics' line: class, centre and size as shares of the picture, six digits each. The file is
 * empty where nothing was found: that, too, is a result. */
static int write_labels(struct detect_files *files, const char *stem,
                        const struct detect_result *result)
{
    struct output_file file = {0};
    char *base = app_printf("%s.txt", stem), *path = path_join(files->labels, base);
    int status = protect(files, path);
    if (status == STATUS_DONE)
        status = output_open(&file, files->app, path);
    for (int i = 0; status == STATUS_DONE && i < result->count; i++) {
        const octet_detection *found = &result->detections[i];
        double width = result->width, height = result->height;
        char line[160];
        int length = snprintf(line, sizeof line, "%d %g %g %g %g", found->class_id,
                              (found->x1 + (double)found->x2) / 2 / width,
                              (found->y1 + (double)found->y2) / 2 / height,
                              ((double)found->x2 - found->x1) / width,
                              ((double)found->y2 - found->y1) / height);
        if (files->settings->confidences)
            length += snprintf(line + length, sizeof line - (size_t)length, " %g", found->score);
        line[length++] = '\n';
        output_write(&file, line, (size_t)length);
    }
    if (status == STATUS_DONE)
        status = output_commit(&file);
    free(path);
    free(base);
    return status;
}

/* NAME.jpg is the class' best in the picture, the others are NAME-2.jpg and so on, without numbers
 * that are another source's name. */
static char *crop_name(const struct detect_files *files, const char *stem, size_t *number)
{
    if (++*number == 1)
        return app_printf("%s.jpg", stem);
    for (;; ++*number) {
        char *name = app_printf("%s-%zu", stem, *number);
        bool taken = output_names_has(&files->names, name);
        free(name);
        if (!taken)
            return app_printf("%s-%zu.jpg", stem, *number);
    }
}

static int write_crops(struct detect_files *files, const char *stem, const octet_image *image,
                       const struct detect_result *result)
{
    int status = STATUS_DONE;
    size_t *numbers = app_alloc((size_t)files->class_count, sizeof *numbers);
    for (int i = 0; status == STATUS_DONE && i < result->count; i++) {
        const octet_detection *found = &result->detections[i];
        char *folder = path_join(files->crops, files->class_folders[found->class_id]);
        char *file = crop_name(files, stem, &numbers[found->class_id]);
        char *path = path_join(folder, file);
        status = output_make_folder(files->app, folder, NULL);
        if (status == STATUS_DONE)
            status = protect(files, path);
        if (status == STATUS_DONE)
            status = crop_to_file(files->app, image, found, path);
        free(path);
        free(file);
        free(folder);
    }
    free(numbers);
    return status;
}

static void write_result(struct detect_files *files, const struct image_id *id,
                         const octet_detection *found)
{
    const struct class_match *classes = &files->classes;
    int64_t category = found->class_id;
    if (files->truth && !classes->known[found->class_id])
        return;
    if (files->truth)
        category = classes->ids[found->class_id];
    const double box[] = {found->x1, found->y1, (double)found->x2 - found->x1,
                          (double)found->y2 - found->y1};
    json_t *entry = json_new_object(), *corners = json_new_array();
    json_put(entry, "image_id", id->text ? json_text(id->text) : json_integer(id->number));
    json_put(entry, "category_id", json_integer(category));
    for (size_t i = 0; i < 4; i++)
        json_push(corners, json_number(box[i]));
    json_put(entry, "bbox", corners);
    json_put(entry, "score", json_number(found->score));
    char *text = json_line(entry);
    const char *between = files->written++ ? ",\n" : "\n";
    output_write(&files->results, between, strlen(between));
    output_write(&files->results, text, strlen(text));
    free(text);
}

/* The frame of a film or camera in the film that comes of it. */
static int add_to_film(struct detect_files *files, const struct frame *frame,
                       const struct detect_result *result)
{
    const struct drawing drawing = {frame->image, result->detections, result->count};
    const struct output_name *name =
        files->settings->film ? NULL : &files->names.name[frame->source];
    char *file = name ? app_printf("%s%s", name->stem, name->ending) : NULL;
    char *path =
        name ? path_join(files->settings->folder, file) : app_strdup(files->settings->film);
    const int status = detect_film_add(&files->film, files->app, files->sources, files->drawer,
                                       frame, &drawing, path);
    free(path);
    free(file);
    return status;
}

/* A film's frame in which something was found, as a picture; without boxes where none are drawn. */
static int write_frame(struct detect_files *files, const char *stem, const octet_image *image,
                       const struct detect_result *result)
{
    const struct drawing drawing = {image, result->detections,
                                    files->settings->no_draw ? 0 : result->count};
    char *name = app_printf("%s.jpg", stem);
    const int status = draw_into(files, files->frames, name, &drawing);
    free(name);
    return status;
}

/* Pictures of a film's frame, where it takes any. */
static int add_film_pictures(struct detect_files *files, const char *stem, struct frame *frame,
                             const struct detect_result *result)
{
    int status = STATUS_DONE;
    if (!files->settings->no_draw || ((files->crops || files->frames) && result->count)) {
        frame_make_image(files->app->context, frame);
        if (!frame->image)
            return app_fail(files->app, "%s", frame->message);
    }
    if (!files->settings->no_draw)
        status = add_to_film(files, frame, result);
    if (status == STATUS_DONE && files->frames && result->count)
        status = write_frame(files, stem, frame->image, result);
    return status;
}

/* Under which name the frame's files stand. */
static char *frame_stem(const struct detect_files *files, const struct frame *frame)
{
    const char *stem = files->names.name[frame->source].stem;
    if (frame->is_film)
        return app_printf("%s_%zu", stem, frame->index + 1);
    return frame->streamed ? app_printf("%s-%zu", stem, frame->index) : app_strdup(stem);
}

int detect_files_add(struct detect_files *files, struct frame *frame,
                     const struct detect_result *result)
{
    int status = STATUS_DONE;
    if (files->settings->film)
        return add_film_pictures(files, "", frame, result);
    if (!files->settings->folder)
        return STATUS_DONE;
    char *stem = frame_stem(files, frame);
    const struct image_id streamed = {.text = stem};
    if (frame->is_film)
        status = add_film_pictures(files, stem, frame, result);
    else if (files->drawer && !files->settings->no_draw)
        status = draw(files, stem, files->names.name[frame->source].ending, frame->image, result);
    if (status == STATUS_DONE && files->labels)
        status = write_labels(files, stem, result);
    if (status == STATUS_DONE && files->crops)
        status = write_crops(files, stem, frame->image, result);
    for (int i = 0; files->ids && i < result->count; i++)
        write_result(files, frame->streamed ? &streamed : &files->ids[frame->source],
                     &result->detections[i]);
    free(stem);
    return status;
}

int detect_files_commit(struct detect_files *files, size_t done)
{
    detect_film_finish(&files->film, !app_interrupted());
    const int films = files->film.has_failed ? STATUS_FAILED : STATUS_DONE;
    if (!files->ids)
        return films;
    if (done < files->sources->count)
        app_say(files->app, "%s: results of %zu of %zu pictures", files->results_path, done,
                files->sources->count);
    output_write(&files->results, "\n]\n", 3);
    const int status = output_commit(&files->results);
    return status == STATUS_DONE ? films : status;
}

void detect_files_close(struct detect_files *files)
{
    output_abandon(&files->results);
    film_file_abandon(&files->film.file);
    drawer_close(&files->drawer);
    for (int i = 0; files->class_folders && i < files->class_count; i++)
        free(files->class_folders[i]);
    free(files->class_folders);
    output_folders_free(&files->made, !files->is_begun);
    free(files->labels);
    free(files->crops);
    free(files->frames);
    free(files->results_path);
    free(files->ids);
    class_match_free(&files->classes);
    octet_truth_free(&files->truth);
    output_names_free(&files->names);
    inputs_free(&files->inputs);
    *files = (struct detect_files){0};
}
