/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine is, what made it, and where and with what it was measured. */
#include <stdlib.h>

#include "app/table.h"
#include "models/model_file.h"
#include "report/report_measure.h"

#define OWN_FACTS 12

static void add(struct report_measured *measured, const char *key, char *text)
{
    measured->facts[measured->data.fact_count++] = (struct report_fact){app_strdup(key), text};
}

static int count_provenance(const octet_engine *engine)
{
    const char *key, *text;
    int count = 0;
    while (octet_engine_provenance(engine, count, &key, &text))
        count++;
    return count;
}

void report_collect_facts(struct app *app, const struct report_request *request,
                          struct report_measured *measured)
{
    const octet_engine *engine = measured->run.sides[1].engine;
    const octet_session *session = measured->run.sides[1].session;
    const octet_info *info = &measured->data.info;
    const int entries = count_provenance(engine);
    const char *key, *text;
    char size[SIZE_TEXT_BYTES];
    octet_machine machine;
    octet_machine_get(&machine);
    measured->facts = app_alloc((size_t)entries + OWN_FACTS, sizeof *measured->facts);
    measured->data.facts = measured->facts;
    (void)app;
    add(measured, "engine", app_strdup(request->engine));
    add(measured, "model", app_strdup(request->model));
    add(measured, "name", app_strdup(info->name));
    add(measured, "precision", app_strdup(precision_name(info->precision)));
    add(measured, "classes, layers", app_printf("%d, %d", info->class_count, info->layer_count));
    add(measured, "input",
        app_printf("%dx%d", octet_session_height(session), octet_session_width(session)));
    add(measured, "multiply-adds of a picture",
        app_printf("%.0f million", (double)info->multiply_adds / 1e6));
    add(measured, "weights", app_strdup(size_text((double)info->weight_bytes, size)));
    for (int i = 0; octet_engine_provenance(engine, i, &key, &text); i++)
        add(measured, key, app_strdup(text));
    add(measured, "measured on",
        app_printf("%s, %s, %d thread%s", machine.cpu, octet_session_cpu(session),
                   octet_session_threads(session), octet_session_threads(session) == 1 ? "" : "s"));
    add(measured, "pictures", app_printf("%zu", measured->run.used));
    add(measured, "octet", app_strdup(OCTET_VERSION));
}
