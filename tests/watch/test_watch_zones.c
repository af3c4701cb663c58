/* SPDX-License-Identifier: Apache-2.0 */
/* Zones: which points lie in them, which boxes stand in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "watch/watch_event.h"
#include "watch/zones.h"

static struct zone_corner square[] = {{0.25, 0.5}, {0.75, 0.5}, {0.75, 1}, {0.25, 1}};
/* a horseshoe, open to the right */
static struct zone_corner shoe[] = {{10, 10}, {90, 10}, {90, 30}, {30, 30},
                                    {30, 70}, {90, 70}, {90, 90}, {10, 90}};

static void points_are_in_polygons(void **state)
{
    const struct zone shares = {.corners = square, .count = 4};
    const struct zone pixels = {.corners = shoe, .count = 8, .in_pixels = true};
    (void)state;
    assert_true(zone_has(&shares, 320, 300, 640, 480));
    assert_false(zone_has(&shares, 320, 200, 640, 480));
    assert_false(zone_has(&shares, 100, 300, 640, 480));
    assert_true(zone_has(&shares, 640, 700, 1280, 960)); /* shares hold for every size */
    assert_true(zone_has(&pixels, 20, 50, 100, 100));
    assert_true(zone_has(&pixels, 80, 20, 100, 100));
    assert_false(zone_has(&pixels, 60, 50, 100, 100));
    assert_true(zone_has(&pixels, 60, 80, 100, 100));
}

/* Two triangles make up a rectangle: every point is in exactly one of them, those on the common
 * edge too. */
static void neighbours_share_no_point(void **state)
{
    struct zone_corner lower[] = {{0, 0}, {64, 48}, {0, 48}};
    struct zone_corner upper[] = {{0, 0}, {64, 0}, {64, 48}};
    const struct zone a = {.corners = lower, .count = 3, .in_pixels = true};
    const struct zone b = {.corners = upper, .count = 3, .in_pixels = true};
    (void)state;
    for (int y = 0; y < 48; y++)
        for (int x = 0; x < 64; x++)
            assert_int_equal(zone_has(&a, x, y, 64, 48) + zone_has(&b, x, y, 64, 48), 1);
}

static void boxes_stand_on_their_foot(void **state)
{
    struct zone zones[] = {{.corners = square, .count = 4},
                           {.corners = shoe, .count = 8, .in_pixels = true}};
    (void)state;
    const octet_detection head_in_it = {.x1 = 20, .y1 = 20, .x2 = 60, .y2 = 45};
    const octet_detection foot_in_it = {.x1 = 20, .y1 = 20, .x2 = 60, .y2 = 60};
    const octet_detection at_the_edge = {.x1 = 20, .y1 = 20, .x2 = 60, .y2 = 100};
    const octet_detection in_both = {.x1 = 20, .y1 = 20, .x2 = 40, .y2 = 80};
    const octet_detection nowhere = {.x1 = 90, .y1 = 0, .x2 = 100, .y2 = 5};
    assert_int_equal(zones_of_box(zones, 2, &head_in_it, 100, 100), 0);
    assert_int_equal(zones_of_box(zones, 2, &foot_in_it, 100, 100), 1);
    assert_int_equal(zones_of_box(zones, 2, &at_the_edge, 100, 100), 1);
    assert_int_equal(zones_of_box(zones, 2, &in_both, 100, 100), 3);
    assert_int_equal(zones_of_box(zones, 2, &nowhere, 100, 100), 0);
    assert_int_equal(zones_of_box(zones, 0, &in_both, 100, 100), 0);
}

static void times_are_iso_8601(void **state)
{
    char text[WALL_TEXT_BYTES];
    (void)state;
    assert_string_equal(wall_text(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(wall_text(1798761599.9994, text), "2026-12-31T23:59:59.999Z");
    assert_string_equal(wall_text(1798761599.9996, text), "2027-01-01T00:00:00.000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_in_polygons),
        cmocka_unit_test(neighbours_share_no_point),
        cmocka_unit_test(boxes_stand_on_their_foot),
        cmocka_unit_test(times_are_iso_8601),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
