/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine is, what made it, and where and with what it was measured. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/table.h"
#include "models/model_file.h"
#include "report/measure_parts.h"

#define OWN_FACTS 9
#define CONDITIONS 8

static void add(struct report_measured *measured, const char *key, char *text)
{
    measured->facts[measured->data.fact_count++] = (struct report_fact){app_strdup(key), text};
}

static void add_condition(struct report_measured *measured, const char *key, char *text)
{
    measured->conditions[measured->data.condition_count++] =
        (struct report_fact){app_strdup(key), text};
}

static int count_provenance(const octet_engine *engine)
{
    const char *key, *text;
    int count = 0;
    while (octet_engine_provenance(engine, count, &key, &text))
        count++;
    return count;
}

/* "calibration_images" as people write it. */
static char *key_words(const char *key)
{
    char *words = app_strdup(key);
    for (char *c = words; *c; c++)
        if (*c == '_')
            *c = ' ';
    return words;
}

static void add_engine(struct report_measured *measured, const struct report_request *request)
{
    const octet_engine *engine = measured->run.sides[1].engine;
    const octet_info *info = &measured->data.info;
    const char *key, *text;
    char size[SIZE_TEXT_BYTES];
    measured->facts =
        app_alloc((size_t)count_provenance(engine) + OWN_FACTS, sizeof *measured->facts);
    measured->data.facts = measured->facts;
    add(measured, "file", app_strdup(request->engine));
    add(measured, "name", app_strdup(info->name));
    add(measured, "kept as", app_strdup(precision_name(info->precision)));
    add(measured, "classes", app_printf("%d", info->class_count));
    add(measured, "layers", app_printf("%d", info->layer_count));
    add(measured, "own size, height x width",
        app_printf("%dx%d", info->input_height, info->input_width));
    add(measured, "multiply-adds of a picture",
        app_printf("%.1f million", (double)info->multiply_adds / 1e6));
    add(measured, "weights",
        app_printf("%.0f, %s", (double)info->weight_count,
                   size_text((double)info->weight_bytes, size)));
    for (int i = 0; octet_engine_provenance(engine, i, &key, &text); i++) {
        char *words = key_words(key);
        const bool is_octet = strcmp(key, "octet") == 0;
        add(measured, is_octet ? "made by octet" : words, app_strdup(text));
        free(words);
    }
}

static char *today(void)
{
    char text[32];
    const time_t now = time(NULL);
    struct tm date;
    if (!gmtime_r(&now, &date) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &date))
        return app_strdup("unknown");
    return app_strdup(text);
}

static char *join_sources(const struct report_request *request)
{
    const struct texts *images = &request->compare.pictures.images;
    char *text = app_strdup(images->count ? images->text[0] : request->data ? request->data : "");
    for (size_t i = 1; i < images->count; i++) {
        char *longer = app_printf("%s, %s", text, images->text[i]);
        free(text);
        text = longer;
    }
    return text;
}

static void add_conditions(struct app *app, struct report_measured *measured,
                           const struct report_request *request)
{
    const octet_session *session = measured->run.sides[1].session;
    const int threads = octet_session_threads(session);
    octet_machine machine;
    octet_machine_get(&machine);
    measured->conditions = app_alloc(CONDITIONS, sizeof *measured->conditions);
    measured->data.conditions = measured->conditions;
    char *sources = join_sources(request);
    add_condition(measured, "when", today());
    add_condition(measured, "float model", app_strdup(request->model));
    add_condition(measured, "pictures", app_printf("%zu of %s", measured->run.used, sources));
    add_condition(measured, "labels",
                  app_strdup(measured->data.labels.source ? measured->data.labels.source
                                                          : "none: agreement with float"));
    add_condition(measured, "size, height x width",
                  app_printf("%dx%d", octet_session_height(session), octet_session_width(session)));
    add_condition(measured, "processor",
                  app_printf("%s, kernels %s, %d thread%s", machine.cpu, octet_session_cpu(session),
                             threads, threads == 1 ? "" : "s"));
    add_condition(measured, "device", app_strdup(app->device ? app->device : "cpu"));
    add_condition(measured, "octet", app_strdup(OCTET_VERSION));
    free(sources);
}

void report_collect_facts(struct app *app, const struct report_request *request,
                          struct report_measured *measured)
{
    const octet_session *session = measured->run.sides[1].session;
    add_engine(measured, request);
    add_conditions(app, measured, request);
    measured->subtitle = app_printf(
        "%s; %d class%s, %dx%d", precision_name(measured->data.info.precision),
        measured->data.info.class_count, measured->data.info.class_count == 1 ? "" : "es",
        octet_session_height(session), octet_session_width(session));
    measured->data.subtitle = measured->subtitle;
}
