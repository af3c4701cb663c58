/* SPDX-License-Identifier: Apache-2.0 */
/* From the head's tensors to detections in the source picture's pixels. */
#include "runtime/session/open_session.h"

void oct_session_head(const octet_session *session, int index, struct oct_head_view *view)
{
    const struct oct_network *network = &session->engine->network;
    const struct oct_layout_memory memory = oct_session_memory(session, index);
    view->head = &network->head;
    for (int i = 0; i < network->head.output_count; i++) {
        const int tensor = network->head.outputs[i].tensor;
        const struct oct_network_size size = session->layout.sizes[tensor];
        view->maps[i] = (struct oct_head_map){.height = size.height, .width = size.width};
        if (!memory.picture) /* only the sizes are asked for */
            continue;
        const struct oct_view data = oct_layout_view(&session->layout, network, &memory, tensor);
        view->maps[i].data = data.data;
        view->maps[i].row = data.row;
        view->maps[i].pixel = data.pixel;
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
    const int count = head.head->kind->select(&head, settings, &session->select, detections, most);
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
