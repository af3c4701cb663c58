/* SPDX-License-Identifier: Apache-2.0 */
/* Draws sizes and places of pictures, and finds what is seen of them. */
#include "train/scale_jitter.h"

#include <math.h>

#include "base/exponential.h"
#include "train/random_bits.h"

#define LOG_SCALE_LEAST -0.5108256237659907 /* of 0.6 */
#define LOG_SCALE_MOST 0.4054651081081644   /* of 1.5 */
#define MOVE_MOST 0.1
#define SHARE_LEAST 0.2 /* of a box's area */

/* Rows of random numbers beside those of the order and of flips. */
#define ROW_SCALE ((uint64_t)1 << 62)
#define ROW_RIGHT ((uint64_t)2 << 62)
#define ROW_DOWN ((uint64_t)3 << 62)

struct oct_jitter oct_jitter_of(uint64_t seed, uint64_t place)
{
    const double scale = oct_random_share(seed, ROW_SCALE + place);
    return (struct oct_jitter){
        oct_exp(LOG_SCALE_LEAST + scale * (LOG_SCALE_MOST - LOG_SCALE_LEAST)),
        MOVE_MOST * (2.0 * oct_random_share(seed, ROW_RIGHT + place) - 1.0),
        MOVE_MOST * (2.0 * oct_random_share(seed, ROW_DOWN + place) - 1.0)};
}

struct oct_placed_part oct_place_whole(const octet_image *image, int width, int height)
{
    return (struct oct_placed_part){
        .part = oct_frame_of_image(image),
        .where = oct_letterbox_geometry(image->width, image->height, width, height)};
}

/* Along one side: of `source` pixels those from `first` to `end` are seen, in the input's from
 * `low` to `high`. */
struct span {
    int first, end, low, high;
};

/* The picture's whole pixels that lie within the input's `target`, and where in it. */
static bool find_span(int source, int target, double gain, double centre, struct span *span)
{
    const double begin = centre - 0.5 * gain * source;
    const double first = ceil(-begin / gain), end = floor((target - begin) / gain);
    span->first = first < 0.0 ? 0 : (int)first;
    span->end = end > source ? source : (int)end;
    if (span->first >= span->end)
        return false;
    span->low = (int)rint(begin + gain * span->first);
    span->high = (int)rint(begin + gain * span->end);
    return span->low >= 0 && span->low < span->high && span->high <= target;
}

struct oct_placed_part oct_place_jittered(const octet_image *image, int width, int height,
                                          const struct oct_jitter *jitter)
{
    struct oct_placed_part placed = oct_place_whole(image, width, height);
    octet_letterbox *where = &placed.where;
    struct span x, y;
    if (!find_span(image->width, width, jitter->scale * where->gain_x,
                   width * (0.5 + jitter->right), &x) ||
        !find_span(image->height, height, jitter->scale * where->gain_y,
                   height * (0.5 + jitter->down), &y))
        return placed;
    placed.left = x.first;
    placed.top = y.first;
    placed.part.planes[0] += (size_t)y.first * placed.part.strides[0] + 3 * (size_t)x.first;
    placed.part.width = where->source_width = x.end - x.first;
    placed.part.height = where->source_height = y.end - y.first;
    where->resized_width = x.high - x.low;
    where->resized_height = y.high - y.low;
    where->pad_left = x.low;
    where->pad_top = y.low;
    where->gain_x = (double)where->resized_width / where->source_width;
    where->gain_y = (double)where->resized_height / where->source_height;
    return placed;
}

static float within(float value, int most)
{
    return value < 0.0f ? 0.0f : value > (float)most ? (float)most : value;
}

bool oct_place_box(const struct oct_placed_part *placed, const float box[4], float to[4])
{
    const octet_letterbox *where = &placed->where;
    float whole[4];
    for (int i = 0; i < 4; i++) {
        const int pad = i % 2 ? where->pad_top : where->pad_left;
        const float at = box[i] - (float)(i % 2 ? placed->top : placed->left);
        whole[i] = (float)((double)at * (i % 2 ? where->gain_y : where->gain_x)) + (float)pad;
        to[i] = within(whole[i], i % 2 ? where->target_height : where->target_width);
    }
    const double area = (double)(whole[2] - whole[0]) * (double)(whole[3] - whole[1]);
    const double left = (double)(to[2] - to[0]) * (double)(to[3] - to[1]);
    return left > SHARE_LEAST * area;
}
