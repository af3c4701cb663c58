/* SPDX-License-Identifier: Apache-2.0 */
/* The network as a graph of blocks: those of one name and stride stand together, in running order
 * from above, and further to the right the coarser their output is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/plot_axes.h"
#include "report/measure_parts.h"
#include "report/report_layer_name.h"

#define WIDTH 440
#define EDGE 4.0
#define HEAD 40.0 /* room for the strides' names */
#define ROW 30.0
#define BOX_HEIGHT 22.0
#define BOX_PAD 8.0 /* beside a lane's boxes */
#define WAYS 4      /* there, of arrows past other boxes */
#define WORDS 11.0
#define LANES_MAX 8
#define BLOCKS_MAX 400 /* beyond that, nobody sees a graph */

/* Which strides there are, finest first. */
struct lanes {
    int stride[LANES_MAX];
    int count;
};

static int stride_of(const octet_info *info, const octet_layer_info *layer)
{
    const int height = layer->output_height > 0 ? layer->output_height : 1;
    return (info->input_height + height / 2) / height;
}

/* Layers that are of one part by name, but not of one stride, are told apart by one word more. */
static bool has_strides(const struct report_data *data, const char *name)
{
    char other[sizeof data->blocks->name];
    int stride = -1;
    for (size_t i = 0; i < data->layer_count; i++) {
        const octet_layer_info *info = &data->layers[i].info;
        layer_name_part(info->name, 1, other, sizeof other);
        if (strcmp(other, name) != 0)
            continue;
        if (stride >= 0 && stride != stride_of(&data->info, info))
            return true;
        stride = stride_of(&data->info, info);
    }
    return false;
}

static void add_layer(struct report_block *block, const struct report_layer *layer)
{
    block->layers++;
    block->float_layers += layer->info.precision == OCTET_PRECISION_FP32;
    block->bf16_layers += layer->info.precision == OCTET_PRECISION_BF16;
    if (isfinite(layer->share))
        block->share = isfinite(block->share) ? block->share + layer->share : layer->share;
    block->worst_db = fmin(block->worst_db, layer->alone_db); /* of a number and NAN the number */
    block->effect = fmax(block->effect, layer->effect);
}

/* [layers]: the block of each. */
static size_t *find_blocks(struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    size_t *block_of = app_alloc(data->layer_count + 1, sizeof *block_of);
    measured->blocks = app_alloc(data->layer_count + 1, sizeof *measured->blocks);
    for (size_t i = 0; i < data->layer_count; i++) {
        const struct report_layer *layer = &data->layers[i];
        char name[sizeof measured->blocks->name];
        const int stride = stride_of(&data->info, &layer->info);
        layer_name_part(layer->info.name, 1, name, sizeof name);
        if (has_strides(data, name))
            layer_name_part(layer->info.name, 2, name, sizeof name);
        size_t at = 0;
        while (at < data->block_count && (measured->blocks[at].stride != stride ||
                                          strcmp(measured->blocks[at].name, name) != 0))
            at++;
        struct report_block *block = &measured->blocks[at];
        if (at == data->block_count) {
            data->block_count++;
            *block = (struct report_block){
                .stride = stride, .share = NAN, .worst_db = NAN, .effect = NAN};
            memcpy(block->name, name, sizeof name);
        }
        block_of[i] = at;
        add_layer(block, layer);
    }
    data->blocks = measured->blocks;
    return block_of;
}

static int compare_strides(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Strides beyond the most that there is room for share the last lane. */
static struct lanes find_lanes(const struct report_data *data)
{
    struct lanes lanes = {.count = 0};
    int *all = app_alloc(data->block_count + 1, sizeof *all);
    for (size_t i = 0; i < data->block_count; i++)
        all[i] = data->blocks[i].stride;
    qsort(all, data->block_count, sizeof *all, compare_strides);
    for (size_t i = 0; i < data->block_count && lanes.count < LANES_MAX; i++)
        if (i == 0 || all[i] != all[i - 1])
            lanes.stride[lanes.count++] = all[i];
    free(all);
    return lanes;
}

static int lane_of(const struct lanes *lanes, int stride)
{
    int lane = 0;
    while (lane + 1 < lanes->count && lanes->stride[lane] < stride)
        lane++;
    return lane;
}

struct place {
    double left, right, top, bottom;
};

static struct place place_of(const struct lanes *lanes, const struct report_data *data, size_t at)
{
    const double width = (WIDTH - 2 * EDGE) / lanes->count;
    const double left = EDGE + width * lane_of(lanes, data->blocks[at].stride) + BOX_PAD;
    const double top = HEAD + ROW * (double)at;
    return (struct place){left, left + width - 2 * BOX_PAD, top, top + BOX_HEIGHT};
}

/* From below one box to above another; past the boxes between in the gap beside their lane. */
static void draw_arrow(struct plot_drawing *drawing, const struct place *from,
                       const struct place *to, bool is_next, size_t way_number)
{
    const double from_x = (from->left + from->right) / 2, to_x = (to->left + to->right) / 2;
    const bool same_lane = fabs(from_x - to_x) < 1;
    if (is_next || !same_lane) {
        const double middle = to->top - (ROW - BOX_HEIGHT) / 2;
        const double side = same_lane ? from_x : from->left + 10; /* down beside what is below */
        const double start = is_next ? from_x : side;
        const struct plot_point way[] = {
            {start, from->bottom}, {start, middle}, {to_x, middle}, {to_x, to->top}};
        plot_line(drawing, PLOT_MUTED, 1.25, false, way, 4);
    } else {
        const double side = from->right + 3 + 3 * (double)(way_number % WAYS);
        const double from_y = (from->top + from->bottom) / 2, to_y = (to->top + to->bottom) / 2;
        const struct plot_point way[] = {
            {from->right, from_y}, {side, from_y}, {side, to_y}, {to->right, to_y}};
        const struct plot_point tip[] = {
            {to->right, to_y}, {to->right + 5, to_y - 3}, {to->right + 5, to_y + 3}};
        plot_line(drawing, PLOT_MUTED, 1.25, false, way, 4);
        plot_area(drawing, PLOT_MUTED, 1, tip, 3);
        return;
    }
    const struct plot_point tip[] = {
        {to_x - 3.5, to->top - 5}, {to_x + 3.5, to->top - 5}, {to_x, to->top}};
    plot_area(drawing, PLOT_MUTED, 1, tip, 3);
}

static void draw_box(struct plot_drawing *drawing, const struct report_block *block,
                     const struct place *place)
{
    const size_t others = block->float_layers + block->bf16_layers;
    const bool is_mixed = others > 0 && others < block->layers;
    const size_t series = others == 0 ? 0 : is_mixed ? 3 : block->bf16_layers ? 2 : 1;
    const int ink = plot_series_ink(series);
    const struct plot_point corners[] = {{place->left, place->top},
                                         {place->right, place->top},
                                         {place->right, place->bottom},
                                         {place->left, place->bottom},
                                         {place->left, place->top}};
    plot_area(drawing, PLOT_PAPER, 1, corners, 4);
    plot_area(drawing, ink, 0.16, corners, 4);
    plot_line(drawing, ink, 1.75, others > 0, corners, 5);
    const int columns = (int)((place->right - place->left - 6) / (0.56 * WORDS));
    char *name = layer_name_fit(block->name, columns);
    plot_words(drawing, PLOT_TEXT, WORDS, PLOT_MIDDLE,
               (struct plot_point){(place->left + place->right) / 2, place->bottom - 7}, name);
    free(name);
}

static void draw_arrows(struct plot_drawing *drawing, const struct report_measured *measured,
                        const struct lanes *lanes, const size_t *block_of)
{
    const struct report_data *data = &measured->data;
    const octet_engine *engine = measured->run.sides[1].engine;
    const size_t blocks = data->block_count;
    bool *drawn = app_alloc(blocks * blocks + 1, sizeof *drawn);
    for (size_t to = 0; to < data->layer_count; to++)
        for (size_t from = 0; from < to; from++) {
            const size_t a = block_of[from], b = block_of[to];
            if (a == b || drawn[a * blocks + b] ||
                !octet_engine_layer_reads(engine, (int)to, (int)from))
                continue;
            drawn[a * blocks + b] = true;
            const struct place start = place_of(lanes, data, a < b ? a : b);
            const struct place end = place_of(lanes, data, a < b ? b : a);
            draw_arrow(drawing, &start, &end, b == a + 1, a);
        }
    free(drawn);
}

static char *draw_graph(const struct report_measured *measured, const size_t *block_of)
{
    const struct report_data *data = &measured->data;
    const struct lanes lanes = find_lanes(data);
    struct plot_drawing drawing;
    char text[32];
    char *description =
        app_printf("%zu blocks in running order from above; further right the coarser. What each "
                   "is kept as is in the table.",
                   data->block_count);
    plot_open(&drawing, WIDTH, (int)ceil(HEAD + ROW * (double)data->block_count + 4),
              "The network's blocks, coloured by precision", description);
    free(description);
    for (int i = 0; i < lanes.count; i++) {
        const double width = (WIDTH - 2 * EDGE) / lanes.count;
        snprintf(text, sizeof text, "1/%d", lanes.stride[i]);
        plot_words(&drawing, PLOT_MUTED, WORDS, PLOT_MIDDLE,
                   (struct plot_point){EDGE + width * (i + 0.5), 16}, text);
    }
    draw_arrows(&drawing, measured, &lanes, block_of);
    for (size_t i = 0; i < data->block_count; i++) {
        const struct place place = place_of(&lanes, data, i);
        draw_box(&drawing, &data->blocks[i], &place);
    }
    return report_chart(&drawing);
}

void report_measure_blocks(struct report_measured *measured)
{
    size_t *block_of = find_blocks(measured);
    if (measured->data.block_count && measured->data.block_count <= BLOCKS_MAX)
        measured->data.blocks_svg = draw_graph(measured, block_of);
    free(block_of);
}
