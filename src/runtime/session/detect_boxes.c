/* SPDX-License-Identifier: Apache-2.0 */
/* From the head's tensors to detections in the source picture's pixels. */
#include "runtime/session/open_session.h"

void oct_session_head(const octet_session *session, int index, struct oct_head_view *head)
{
    const struct oct_network *network = &session->engine->network;
    const struct oct_layout_memory memory = oct_session_memory(session, index);
    head->level_count = network->level_count;
    head->class_count = network->class_count;
    head->reg_max = network->reg_max;
    for (int i = 0; i < network->level_count; i++) {
        const struct oct_level *level = &network->levels[i];
        const struct oct_network_size size = session->layout.sizes[level->box_tensor];
        struct oct_head_level *to = &head->levels[i];
        to->height = size.height;
        to->width = size.width;
        to->stride = level->stride;
        to->dfl = oct_dfl_rounds(&network->dfl) ? &network->dfl : NULL;
        if (!memory.picture) /* only the sizes are asked for */
            continue;
        const struct oct_view box =
            oct_layout_view(&session->layout, network, &memory, level->box_tensor);
        const struct oct_view classes =
            oct_layout_view(&session->layout, network, &memory, level->class_tensor);
        to->box = box.data;
        to->box_row = box.row;
        to->box_pixel = box.pixel;
        to->classes = classes.data;
        to->class_row = classes.row;
        to->class_pixel = classes.pixel;
    }
}

static float map(double value, int pad, double gain, int limit)
{
    const double at = (value - pad) / gain;
    return (float)(at < 0.0 ? 0.0 : at > limit ? limit : at);
}

static void to_source(const octet_letterbox *g, octet_detection *box)
{
    box->x1 = map(box->x1, g->pad_left, g->gain_x, g->source_width);
    box->x2 = map(box->x2, g->pad_left, g->gain_x, g->source_width);
    box->y1 = map(box->y1, g->pad_top, g->gain_y, g->source_height);
    box->y2 = map(box->y2, g->pad_top, g->gain_y, g->source_height);
}

int oct_session_detect(octet_session *session, int index, const octet_detect_settings *settings,
                       octet_detection *detections, int capacity)
{
    struct oct_head_view head;
    oct_session_head(session, index, &head);
    const int most = capacity < settings->max_detections ? capacity : settings->max_detections;
    const int count = oct_select(&head, settings, &session->select, detections, most);
    octet_letterbox geometry = session->slots[index].geometry;
    if (geometry.source_width == 0)
        geometry = (octet_letterbox){.source_width = session->width,
                                     .source_height = session->height,
                                     .gain_x = 1.0,
                                     .gain_y = 1.0};
    for (int i = 0; i < count; i++)
        to_source(&geometry, &detections[i]);
    return count;
}
