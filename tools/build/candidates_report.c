/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what was measured of the candidates. */
#include "build/candidates_report.h"

#include <math.h>
#include <stdio.h>

#include "app/table.h"
#include "models/model_file.h"

static const char *verdict(const struct candidates *candidates, int index)
{
    if (index == candidates->chosen)
        return "chosen";
    return candidates->all[index].agrees ? "" : "agrees too little";
}

void candidates_print(const struct candidates *candidates)
{
    static const char *const headers[] = {
        "  precision",    "device",     ">median ms", ">---least ms",
        ">-x fp32 speed", ">agreement", ">--weights", ""};
    struct table table;
    char size[SIZE_TEXT_BYTES];
    printf("  measured     kernels %s, %d thread%s, %dx%d\n",
           octet_session_cpu(candidates->all[0].session),
           octet_session_threads(candidates->all[0].session),
           octet_session_threads(candidates->all[0].session) == 1 ? "" : "s",
           octet_session_height(candidates->all[0].session),
           octet_session_width(candidates->all[0].session));
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; i < candidates->count; i++) {
        const struct candidate *candidate = &candidates->all[i];
        table_add(&table, "  %s", precision_name(candidate->info.precision));
        table_add(&table, "%s", octet_session_device(candidate->session));
        table_add(&table, "%.2f", candidate->median_ms);
        table_add(&table, "%.2f", candidate->least_ms);
        table_add(&table, "%.2f", 1 / candidate->time);
        table_add(&table, isnan(candidate->agreement) ? "-" : "%.1f %%", candidate->agreement);
        table_add(&table, "%s", size_text((double)candidate->info.weight_bytes, size));
        table_add(&table, "%s", verdict(candidates, i));
    }
    table_print(&table);
    if (candidates->boxes)
        printf("  judged       by %zu boxes of the float model in %zu picture%s; at least %g %% "
               "must agree\n",
               candidates->boxes, candidates->pictures, candidates->pictures == 1 ? "" : "s",
               candidates->min_agreement);
}

void candidates_json(const struct candidates *candidates, json_t *root)
{
    json_t *all = json_new_array();
    for (int i = 0; i < candidates->count; i++) {
        const struct candidate *candidate = &candidates->all[i];
        json_t *one = json_new_object();
        json_put(one, "precision", json_text(precision_word(candidate->info.precision)));
        json_put(one, "device", json_text(octet_session_device(candidate->session)));
        json_put(one, "median_ms", json_number(candidate->median_ms));
        json_put(one, "least_ms", json_number(candidate->least_ms));
        json_put(one, "time_beside_fp32", json_number(candidate->time));
        json_put(one, "agreement_ap", json_number(candidate->agreement / 100));
        json_put(one, "weight_bytes", json_integer(candidate->info.weight_bytes));
        json_put(one, "agrees", json_boolean(candidate->agrees));
        json_put(one, "chosen", json_boolean(i == candidates->chosen));
        json_push(all, one);
    }
    json_put(root, "candidates", all);
    json_put(root, "min_agreement", json_number(candidates->min_agreement));
    json_put(root, "judging_images", json_integer((json_int_t)candidates->pictures));
    json_put(root, "judging_boxes", json_integer((json_int_t)candidates->boxes));
}
