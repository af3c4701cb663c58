/* SPDX-License-Identifier: Apache-2.0 */
/* Complete IoU and its derivatives, by numbers that carry theirs with them. */
#include <math.h>

#include "train/task_alignment.h"

#define EPSILON 1e-7
#define PI 3.14159265358979323846

/* A number, and its derivatives by four others. */
struct dual {
    double value, by[4];
};

static struct dual constant(double value)
{
    return (struct dual){value, {0.0, 0.0, 0.0, 0.0}};
}

/* a + factor * b */
static struct dual sum(struct dual a, double factor, struct dual b)
{
    a.value += factor * b.value;
    for (int i = 0; i < 4; i++)
        a.by[i] += factor * b.by[i];
    return a;
}

static struct dual product(struct dual a, struct dual b)
{
    struct dual c = {a.value * b.value, {0.0, 0.0, 0.0, 0.0}};
    for (int i = 0; i < 4; i++)
        c.by[i] = a.by[i] * b.value + a.value * b.by[i];
    return c;
}

static struct dual ratio(struct dual a, struct dual b)
{
    struct dual c = {a.value / b.value, {0.0, 0.0, 0.0, 0.0}};
    for (int i = 0; i < 4; i++)
        c.by[i] = (a.by[i] - c.value * b.by[i]) / b.value;
    return c;
}

static struct dual smaller(struct dual a, struct dual b)
{
    return a.value < b.value ? a : b;
}

static struct dual larger(struct dual a, struct dual b)
{
    return a.value > b.value ? a : b;
}

static struct dual arctangent(struct dual a)
{
    struct dual c = {atan(a.value), {0.0, 0.0, 0.0, 0.0}};
    for (int i = 0; i < 4; i++)
        c.by[i] = a.by[i] / (1.0 + a.value * a.value);
    return c;
}

/* Width (0) or height (1) of what two boxes have in common, and of the least box around them. */
static struct dual common(const struct dual a[4], const struct dual b[4], int axis)
{
    return larger(sum(smaller(a[axis + 2], b[axis + 2]), -1.0, larger(a[axis], b[axis])),
                  constant(0.0));
}

static struct dual around(const struct dual a[4], const struct dual b[4], int axis)
{
    return sum(larger(a[axis + 2], b[axis + 2]), -1.0, smaller(a[axis], b[axis]));
}

/* Of the distance of middles along an axis, twice. */
static struct dual apart(const struct dual a[4], const struct dual b[4], int axis)
{
    return sum(sum(sum(b[axis], 1.0, b[axis + 2]), -1.0, a[axis]), -1.0, a[axis + 2]);
}

double oct_complete_iou(const double is[4], const double wanted[4], double slopes[4])
{
    struct dual a[4], b[4];
    for (int i = 0; i < 4; i++) {
        a[i] = constant(is[i]);
        a[i].by[i] = 1.0;
        b[i] = constant(wanted[i]);
    }
    const struct dual epsilon = constant(EPSILON);
    const struct dual w1 = sum(a[2], -1.0, a[0]), w2 = sum(b[2], -1.0, b[0]);
    const struct dual h1 = sum(sum(a[3], -1.0, a[1]), 1.0, epsilon);
    const struct dual h2 = sum(sum(b[3], -1.0, b[1]), 1.0, epsilon);
    const struct dual both = product(common(a, b, 0), common(a, b, 1));
    const struct dual any =
        sum(sum(sum(product(w1, h1), 1.0, product(w2, h2)), -1.0, both), 1.0, epsilon);
    const struct dual iou = ratio(both, any);
    const struct dual cw = around(a, b, 0), ch = around(a, b, 1);
    const struct dual diagonal = sum(sum(product(cw, cw), 1.0, product(ch, ch)), 1.0, epsilon);
    const struct dual dx = apart(a, b, 0), dy = apart(a, b, 1);
    const struct dual distance =
        product(constant(0.25), sum(product(dx, dx), 1.0, product(dy, dy)));
    const struct dual angle = sum(arctangent(ratio(w2, h2)), -1.0, arctangent(ratio(w1, h1)));
    const struct dual v = product(constant(4.0 / (PI * PI)), product(angle, angle));
    const double weight = v.value / (v.value - iou.value + 1.0 + EPSILON);
    const struct dual result = sum(sum(iou, -1.0, ratio(distance, diagonal)), -weight, v);
    for (int i = 0; slopes && i < 4; i++)
        slopes[i] = result.by[i];
    return result.value;
}
