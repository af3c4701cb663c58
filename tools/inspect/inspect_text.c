/* SPDX-License-Identifier: Apache-2.0 */
/* Describes models and engines for people. */
#include "inspect/inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/table.h"
#include "inspect/family_text.h"
#include "models/model_file.h"
#include "models/scales_text.h"
#include "models/selection.h"

#define LABEL_COLUMN 18
#define LINE_COLUMNS 100
#define LABEL_COLUMNS_MAX 40

void inspect_row(const char *label, const char *text)
{
    printf("  %-*s", LABEL_COLUMN - 2, label);
    print_clean(text);
    putchar('\n');
}

static void print_count(const char *label, double count, const char *more)
{
    static const char *const units[] = {"", " k", " M", " G"};
    size_t unit = 0;
    while (count >= 1000 && unit < 3) {
        count /= 1000;
        unit++;
    }
    printf("  %-*s%.*f%s%s\n", LABEL_COLUMN - 2, label, unit ? 2 : 0, count, units[unit], more);
}

static void print_classes(const struct subject *subject, int count)
{
    printf("  %-*s%d:", LABEL_COLUMN - 2, "classes", count);
    int column = LABEL_COLUMN + 4, room = terminal_columns(STDOUT_FILENO);
    if (room == 0 || room > LINE_COLUMNS)
        room = LINE_COLUMNS;
    for (int i = 0; i < count; i++) {
        char *text =
            app_printf(" %d %s%s", i, subject_class_name(subject, i), i + 1 < count ? "," : "");
        int width = text_columns(text);
        if (column + width > room) {
            printf("\n%*s", LABEL_COLUMN - 1, "");
            column = LABEL_COLUMN - 1;
        }
        print_clean(text);
        column += width;
        free(text);
    }
    putchar('\n');
}

static void print_ports(const octet_model *model)
{
    octet_port_info port;
    for (int output = 0; output < 2; output++)
        for (int i = 0; octet_model_port(model, output, i, &port); i++) {
            char *text = app_printf("%s, %s, %s", port.name, port.type, port.shape);
            inspect_row(output ? "output" : "input", text);
            free(text);
        }
}

/* Entries with blanks between. */
static int words_of(const char *text)
{
    int words = *text != '\0';
    for (; *text; text++)
        words += *text == ' ';
    return words;
}

/* As people are to see it: a precision's word in the file as they call it; figures for programs as
 * how many there are (in `buffer`). */
static const char *shown(const struct subject *subject, const char *key, const char *text,
                         char buffer[32])
{
    if (subject->engine && strncmp(key, "calibration_noise", 17) == 0) {
        snprintf(buffer, 32, "of %d layers", words_of(text));
        return buffer;
    }
    const bool precision = strcmp(key, "precision") == 0 || strcmp(key, "float_precision") == 0;
    const bool bf16 = strcmp(text, precision_word(OCTET_PRECISION_BF16)) == 0;
    return subject->engine && precision && bf16 ? precision_name(OCTET_PRECISION_BF16) : text;
}

static void print_pairs(const struct subject *subject)
{
    const char *key, *text;
    int width = LABEL_COLUMN - 4;
    for (int i = 0; subject_pair(subject, i, &key, &text); i++)
        if (text_columns(key) > width && text_columns(key) <= LABEL_COLUMNS_MAX)
            width = text_columns(key);
    for (int i = 0; subject_pair(subject, i, &key, &text); i++) {
        if (i == 0)
            printf("\n%s\n", subject->model ? "metadata" : "provenance");
        if (subject->model && strcmp(key, "names") == 0)
            continue; /* the classes stand above */
        fputs("  ", stdout);
        print_clean(key);
        printf("%*s  ", width > text_columns(key) ? width - text_columns(key) : 0, "");
        char buffer[32];
        print_clean(shown(subject, key, text, buffer));
        putchar('\n');
    }
}

static void print_layers(const struct subject *subject, int count)
{
    static const char *const headers[] = {">#",         "output tensor", "operation",  "---fused",
                                          "-precision", ">--kernel",     ">----input", ">-output",
                                          ">---M MAC",  ">--weights"};
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; i < count; i++) {
        octet_layer_info layer;
        char weights[SIZE_TEXT_BYTES];
        if (subject_layer(subject, i, &layer) != OCTET_OK)
            break;
        table_add(&table, "%d", i);
        table_add_name(&table, layer.name);
        table_add(&table, "%s", layer.operation);
        table_add(&table, "%s", layer.fused);
        table_add(&table, "%s", precision_name(layer.precision));
        table_add(&table, "%dx%d/%d", layer.kernel, layer.kernel, layer.stride);
        table_add(&table, "%dx%dx%d", layer.input_channels, layer.input_height, layer.input_width);
        table_add(&table, "%dx%dx%d", layer.output_channels, layer.output_height,
                  layer.output_width);
        table_add(&table, "%.2f", (double)layer.multiply_adds / 1e6);
        table_add(&table, "%s", size_text((double)layer.weight_bytes, weights));
    }
    putchar('\n');
    table_print(&table);
}

/* How the model selects boxes, where it says so. */
static void print_selection(const struct subject *subject)
{
    octet_detect_settings settings;
    if (!subject_settings(subject, &settings))
        return;
    char *text = selection_text(&settings);
    inspect_row("selects by", text);
    free(text);
}

static void print_scales(const octet_engine *engine)
{
    char *text = engine ? scales_text(engine) : NULL;
    if (text)
        inspect_row("scales", text);
    free(text);
}

void describe_text(const struct subject *subject)
{
    octet_info info;
    char text[128], size[SIZE_TEXT_BYTES], family[FAMILY_TEXT_BYTES];
    subject_info(subject, &info);
    print_clean(subject->path);
    printf(": %s: %s\n", subject->model ? "ONNX model" : "octet engine",
           family_text(subject, family));
    inspect_row("name", info.name);
    snprintf(text, sizeof text, "%s%s", precision_name(info.precision),
             subject->model && info.precision != OCTET_PRECISION_FP32
                 ? ": quantised in the file, with scales of its own"
                 : "");
    inspect_row("precision", text);
    if (subject->model)
        print_ports(subject->model);
    snprintf(text, sizeof text, "%dx%d (height x width)%s", info.input_height, info.input_width,
             subject->model && info.size_is_fixed
                 ? ", fixed in the file; octet runs any multiple of 32"
                 : "");
    inspect_row("default size", text);
    print_classes(subject, info.class_count);
    snprintf(text, sizeof text, ", %s", size_text((double)info.weight_bytes, size));
    print_count("weights", (double)info.weight_count, text);
    print_count("multiply-adds", (double)info.multiply_adds, " a picture, at the default size");
    if (subject->model) {
        snprintf(text, sizeof text,
                 "octet's decoding differs from the model's by at most %.2g px and %.2g in score",
                 info.probe_box_difference, info.probe_score_difference);
        inspect_row("head", text);
    }
    print_scales(subject->engine);
    print_selection(subject);
    print_pairs(subject);
    print_layers(subject, info.layer_count);
}
