/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of the head's kernels, and boxes of what they find. */
#include "runtime/backend/cuda/gpu_head.h"

#include <string.h>

#include "runtime/head/heads.h"
#include "runtime/head/levels.h"
#include "runtime/head/yolov8.h"

#define WORD_BITS 32

_Static_assert(OCT_LEVELS_MAX <= OCT_GPU_LEVELS_MAX, "levels of a head");

/* ---- parameters ---- */

static struct oct_gpu_rounding rounding_of(const struct oct_dfl_rounding *dfl)
{
    return (struct oct_gpu_rounding){
        .rounds = oct_yolov8_rounds(dfl),
        .probability_scale = dfl->probability.scale,
        .distance_scale = dfl->distance.scale,
        .weight_scale = dfl->weight_scale,
        .probability_zero = dfl->probability.zero_point,
        .distance_zero = dfl->distance.zero_point,
    };
}

static void take_yolov8(const struct oct_head *from, struct oct_gpu_head *head)
{
    head->reg_max = from->of.yolov8.reg_max;
    head->rounding = rounding_of(&from->of.yolov8.rounding);
}

static void take_yolo26(const struct oct_head *from, struct oct_gpu_head *head)
{
    (void)from;
    head->reg_max = 0;
}

/* Kinds that the kernels know, and what these need of a head's own. */
static const struct {
    const struct oct_head_kind *kind;
    void (*take)(const struct oct_head *from, struct oct_gpu_head *head);
} kinds[] = {{&oct_head_yolov8, take_yolov8}, {&oct_head_yolo26, take_yolo26}};

/* The tables of the session's library and of this one are two: a kind is known by its name. */
static bool take_kind(const struct oct_head *from, struct oct_gpu_head *head)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(from->kind->name, kinds[i].kind->name) == 0) {
            kinds[i].take(from, head);
            return true;
        }
    return false;
}

static bool plan_view(const struct oct_gpu_plan *plan, int tensor, struct oct_gpu_view *view)
{
    const struct oct_gpu_layout *layout = &plan->layout;
    const int writer = layout->writers[tensor];
    if (writer < 0 || layout->read_through[writer] ||
        plan->network->tensors[tensor].type != OCT_TYPE_F32)
        return false;
    *view = oct_gpu_plan_output(plan, tensor);
    /* lanes read whole groups */
    return view->data % OCT_GPU_GROUP_BYTES == 0 && view->pixel % OCT_GPU_GROUP_BYTES == 0;
}

bool oct_gpu_head_plan(const struct oct_gpu_plan *plan, struct oct_gpu_head *head)
{
    const struct oct_head *from = &plan->network->head;
    *head = (struct oct_gpu_head){.level_count = from->output_count / 2,
                                  .class_count = from->class_count};
    if (!take_kind(from, head))
        return false;
    for (int i = 0; i < head->level_count; i++) {
        const struct oct_head_output *boxes = &from->outputs[2 * i];
        const struct oct_network_size size = plan->layout.sizes[boxes->tensor];
        struct oct_gpu_level *level = &head->levels[i];
        level->first = head->anchors;
        level->width = size.width;
        level->stride = (float)boxes->stride;
        head->anchors += size.height * size.width;
        if (!plan_view(plan, boxes[0].tensor, &level->boxes) ||
            !plan_view(plan, boxes[1].tensor, &level->classes))
            return false;
    }
    const int most = oct_select_capacity(head->anchors, head->class_count);
    head->capacity = most < OCT_GPU_CANDIDATES_MAX ? most : OCT_GPU_CANDIDATES_MAX;
    return true;
}

void oct_gpu_head_bind(struct oct_gpu_head *head, uint64_t arena)
{
    for (int i = 0; i < head->level_count; i++) {
        head->levels[i].boxes.data += arena;
        head->levels[i].classes.data += arena;
    }
}

bool oct_gpu_head_waits(const struct oct_gpu_plan *plan, int step)
{
    const struct oct_head *head = &plan->network->head;
    const int written = plan->network->layers[plan->steps[step].layer].output;
    for (int i = 0; i < head->output_count; i++)
        if (head->outputs[i].tensor == written)
            return true;
    return false;
}

/* ---- what is searched for ---- */

size_t oct_gpu_search_bytes(int class_count)
{
    return sizeof(struct oct_gpu_search) +
           ((size_t)class_count + WORD_BITS - 1) / WORD_BITS * sizeof(uint32_t);
}

void oct_gpu_search_make(const octet_detect_settings *settings, int class_count,
                         struct oct_gpu_search *search)
{
    uint32_t *wanted = (uint32_t *)(search + 1);
    memset(search, 0, oct_gpu_search_bytes(class_count));
    search->logit = oct_levels_logit_threshold(settings->confidence);
    search->confidence = (float)settings->confidence;
    search->multi_label = settings->multi_label != 0;
    search->any_class = !settings->classes;
    for (int i = 0; settings->classes && i < settings->class_count; i++)
        wanted[settings->classes[i] / WORD_BITS] |= UINT32_C(1)
                                                    << (settings->classes[i] % WORD_BITS);
}

/* ---- candidates ---- */

static void corners_of(const void *user, int anchor, float corners[4])
{
    const struct oct_gpu_candidates *candidates = user;
    memcpy(corners, candidates->entries[candidates->places[anchor]].corners, 4 * sizeof *corners);
}

/* Of several classes of an anchor any has the box: the best is looked for. */
static void find_places(const struct oct_gpu_candidates *candidates)
{
    for (int i = 0; i < candidates->count; i++)
        candidates->places[candidates->entries[i].found.anchor] = i;
    for (int i = 0; i < candidates->count; i++) {
        const struct oct_gpu_found *found = &candidates->entries[i].found;
        int *place = &candidates->places[found->anchor];
        if (found->score > candidates->entries[*place].found.score)
            *place = i;
    }
}

int oct_gpu_candidates_select(const struct oct_gpu_candidates *candidates,
                              const octet_detect_settings *settings,
                              struct oct_select_scratch *scratch, octet_detection *detections,
                              int most)
{
    struct oct_candidates heap = {scratch->candidates, 0, scratch->capacity};
    find_places(candidates);
    for (int i = 0; i < candidates->count; i++) {
        const struct oct_gpu_found *found = &candidates->entries[i].found;
        const int place = candidates->places[found->anchor];
        oct_candidates_add(&heap, (struct oct_candidate){found->score,
                                                         candidates->entries[place].found.score,
                                                         found->anchor, found->class_id});
    }
    return oct_nms(&heap, &(struct oct_boxes){corners_of, candidates}, settings, detections, most);
}
