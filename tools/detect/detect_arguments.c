/* SPDX-License-Identifier: Apache-2.0 */
/* octet detect's options, and which of them go together. */
#include "detect/detect_arguments.h"

#include "app/paths.h"
#include "models/names_file.h"
#include "models/sized_sessions.h"

#define LINE_WIDTH_MAX 100
#define DETECTIONS_MAX 30000

/* What was given of options that go together. */
struct given {
    bool json_lines, csv;
};

static int parse(struct app *app, int argc, char **argv, struct detect_arguments *a,
                 struct given *given, struct operands *operands)
{
    struct detect_files_settings *files = &a->files;
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, "DIR|FILE",
         "write pictures and films there, with boxes drawn; a film to FILE.mp4", &files->folder, 0,
         0, NULL},
        {.name = "save-txt",
         .help = "also DIR/labels/NAME.txt, lines of class and box as in YOLO's labels",
         .target = &files->text},
        {.name = "save-conf", .help = "scores in these, too", .target = &files->confidences},
        {.name = "save-crop",
         .help = "also DIR/crops/CLASS/NAME.jpg, each object on its own",
         .target = &files->crops},
        {.name = "save-frames",
         .help = "also DIR/frames/NAME_FRAME.jpg, films' frames with objects",
         .target = &files->frames},
        {.name = "save-json",
         .help = "also DIR/predictions.json, COCO's results",
         .target = &files->results},
        {"annotations", 0, OPTION_TEXT, "FILE", "COCO annotations whose ids these take",
         &files->annotations, 0, 0, NULL},
        {.name = "no-draw", .help = "no pictures with boxes", .target = &files->no_draw},
        {.name = "no-labels", .help = "boxes without text", .target = &files->draw.no_labels},
        {.name = "no-conf",
         .help = "names of classes without scores",
         .target = &files->draw.no_scores},
        {"line-width", 0, OPTION_REAL, "X", "of boxes, pixels (default: by the picture's size)",
         &files->draw.line_width, 0.1, LINE_WIDTH_MAX, NULL},
        {"conf", 0, OPTION_REAL, "X", "lowest score, 0 to 1 (default: the model's own, else 0.25)",
         &a->confidence, 0, 1, NULL},
        {"iou", 0, OPTION_REAL, "X",
         "overlap that suppresses a box, 0 to 1 (default: the model's own, else 0.7)", &a->iou, 0,
         1, NULL},
        {.name = "agnostic-nms",
         .help = "a box suppresses those of other classes, too",
         .target = &a->class_agnostic},
        {"max-det", 0, OPTION_INTEGER, "N",
         "most detections a picture (default: the model's own, else 300)", &a->max_detections, 1,
         DETECTIONS_MAX, NULL},
        {"classes", 0, OPTION_LIST, "LIST", "only these classes: names or numbers, e.g. person,2",
         &a->classes, 0, 0, NULL},
        NAMES_OPTION(app),
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size (default: the model's)", &a->size, 0, 0,
         NULL},
        RECT_OPTION(&a->rect),
        {"batch", 0, OPTION_INTEGER, "N", "pictures the network takes at once (default 1)",
         &a->batch, 1, BATCH_MAX, NULL},
        DEVICE_OPTION(app),
        CACHE_OPTION(app),
        {"count", 'n', OPTION_INTEGER, "N", "only N pictures, a random sample", &a->count, 1,
         SAMPLE_MAX, NULL},
        {"seed", 0, OPTION_INTEGER, "N", "of the random sample (default 0)", &a->seed, 0, SEED_MAX,
         NULL},
        EVERY_OPTION(&a->every),
        {.name = "drift",
         .help = "watch an INT8 engine's codes: are the pictures still as calibrated for?",
         .target = &a->drift},
        {.name = "json-lines",
         .help = "results as JSON, one line a picture",
         .target = &given->json_lines},
        {.name = "csv", .help = "results as CSV, one line an object", .target = &given->csv},
    };
    const struct command command = {
        .name = "detect",
        .operands = "MODEL SOURCE...",
        .summary = "find objects in pictures",
        .notes =
            "MODEL is an engine or an ONNX file. SOURCE is a picture, a folder, a glob, a text "
            "file of\npaths, a data.yaml (:train, :val, :test), a film, a camera's address or "
            "device (rtsp://...,\n/dev/video0), or a GStreamer pipeline. See octet-detect(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 2,
        .operands_maximum = -1,
    };
    int status;
    return options_parse(app, &command, argc, argv, operands, &status) ? -1 : status;
}

static int choose_format(struct app *app, const struct given *given, enum detect_format *format)
{
    if (app->json + given->json_lines + given->csv > 1)
        return app_usage(app, "--json, --json-lines and --csv: choose one");
    *format = app->json           ? DETECT_JSON
              : given->json_lines ? DETECT_JSON_LINES
              : given->csv        ? DETECT_CSV
                                  : DETECT_TABLE;
    return STATUS_DONE;
}

/* The first option that lacks what it goes with, in one line. */
static int check_files(struct app *app, const struct detect_files_settings *files)
{
    const struct draw_settings *draw = &files->draw;
    bool out = files->folder != NULL, drawn = (out || files->film) && !files->no_draw;
    const struct {
        bool given, has;
        const char *name, *needs;
    } rules[] = {
        {files->text, out, "save-txt", "-o DIR"},
        {files->crops, out, "save-crop", "-o DIR"},
        {files->results, out, "save-json", "-o DIR"},
        {files->frames, out, "save-frames", "-o DIR"},
        {files->confidences, files->text, "save-conf", "--save-txt"},
        {files->annotations, files->results, "annotations", "--save-json"},
        {files->no_draw, out, "no-draw", "-o DIR"},
        {files->no_draw, files->text || files->crops || files->results || files->frames, "no-draw",
         "--save-txt, --save-crop, --save-frames or --save-json: nothing would be written"},
        {draw->no_labels, drawn, "no-labels", "-o DIR, where boxes are drawn"},
        {draw->no_scores, drawn, "no-conf", "-o DIR, where boxes are drawn"},
        {draw->line_width > 0, drawn, "line-width", "-o DIR, where boxes are drawn"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].given && !rules[i].has)
            return app_usage(app, "--%s goes with %s", rules[i].name, rules[i].needs);
    return STATUS_DONE;
}

int detect_arguments_parse(struct app *app, int argc, char **argv,
                           struct detect_arguments *arguments, struct operands *operands)
{
    struct given given = {0};
    *arguments = (struct detect_arguments){.confidence = -1, .iou = -1, .batch = 1};
    int status = parse(app, argc, argv, arguments, &given, operands);
    if (status >= 0)
        return status;
    struct detect_files_settings *files = &arguments->files;
    if (files->folder && film_file_takes(files->folder) && !path_is_folder(files->folder)) {
        files->film = files->folder;
        files->folder = NULL;
    }
    status = choose_format(app, &given, &arguments->format);
    if (status == STATUS_DONE)
        status = check_files(app, &arguments->files);
    return status == STATUS_DONE ? -1 : status;
}
