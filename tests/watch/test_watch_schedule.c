/* SPDX-License-Identifier: Apache-2.0 */
/* Whose frame is next: simulated cameras and workers, in a time of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "watch/pace.h"
#include "watch/schedule.h"

#define CAMERAS_MOST 16

/* Cameras that give a frame every `period_ms`, and workers that take `service_ms` for one. */
struct simulation {
    size_t cameras, workers;
    double period_ms[CAMERAS_MOST], weight[CAMERAS_MOST];
    double service_ms, max_age_ms, seconds;
    /* what comes of it */
    unsigned results[CAMERAS_MOST], dropped[CAMERAS_MOST];
    double oldest_ms[CAMERAS_MOST]; /* of a camera's newest result, ever */
};

struct job {
    size_t camera;
    double seen_ms, ends_ms;
    bool is_running;
};

static void end_jobs(struct simulation *sim, struct schedule *schedule, struct job *jobs,
                     double *last_seen, double now)
{
    for (size_t w = 0; w < sim->workers; w++) {
        struct job *job = &jobs[w];
        if (!job->is_running || job->ends_ms > now)
            continue;
        const double age = now - last_seen[job->camera];
        if (sim->results[job->camera] && age > sim->oldest_ms[job->camera])
            sim->oldest_ms[job->camera] = age;
        last_seen[job->camera] = job->seen_ms;
        sim->results[job->camera]++;
        schedule_done(schedule, job->camera, job->seen_ms, sim->service_ms);
        job->is_running = false;
    }
}

static void simulate(struct simulation *sim)
{
    struct schedule_entry entries[CAMERAS_MOST] = {0};
    struct job jobs[CAMERAS_MOST] = {0};
    double due[CAMERAS_MOST], last_seen[CAMERAS_MOST] = {0};
    struct schedule schedule = {.entries = entries,
                                .count = sim->cameras,
                                .max_age_ms = sim->max_age_ms,
                                .workers = sim->workers};
    for (size_t i = 0; i < sim->cameras; i++) {
        entries[i].weight = sim->weight[i] > 0 ? sim->weight[i] : 1;
        due[i] = 1 + 0.37 * (double)i;
    }
    for (double now = 0; now < sim->seconds * 1e3; now += 0.25) {
        end_jobs(sim, &schedule, jobs, last_seen, now);
        for (size_t i = 0; i < sim->cameras; i++) {
            if (now < due[i])
                continue;
            sim->dropped[i] += entries[i].is_waiting;
            schedule_put(&schedule, i, now);
            due[i] += sim->period_ms[i];
        }
        for (size_t w = 0; w < sim->workers; w++) {
            if (jobs[w].is_running)
                continue;
            const size_t camera = schedule_take(&schedule, now);
            if (camera == SCHEDULE_NOBODY)
                break;
            assert_true(entries[camera].is_busy);
            jobs[w] = (struct job){camera, entries[camera].waiting_ms, now + sim->service_ms, true};
        }
    }
}

static void all_are_served_where_there_is_time(void **state)
{
    struct simulation sim = {.cameras = 4,
                             .workers = 2,
                             .service_ms = 12,
                             .seconds = 20,
                             .period_ms = {40, 40, 40, 40},
                             .max_age_ms = 1000};
    (void)state;
    simulate(&sim);
    for (size_t i = 0; i < sim.cameras; i++) {
        assert_int_equal(sim.dropped[i], 0);
        assert_in_range(sim.results[i], 498, 500);
        assert_true(sim.oldest_ms[i] < 40 + 2 * 12 + 2);
    }
}

static void too_many_share_evenly(void **state)
{
    struct simulation sim = {.cameras = 6,
                             .workers = 2,
                             .service_ms = 20,
                             .seconds = 30,
                             .period_ms = {40, 20, 40, 100, 33, 40},
                             .max_age_ms = 1000};
    (void)state;
    simulate(&sim);
    /* 100 results a second: the slow camera has all of its 10, the others share 90 */
    assert_in_range(sim.results[3], 295, 301);
    const size_t fast[] = {0, 1, 2, 4, 5};
    for (size_t i = 0; i < sizeof fast / sizeof *fast; i++)
        assert_in_range(sim.results[fast[i]], 18 * 30 - 12, 18 * 30 + 12);
}

static void weights_are_shares(void **state)
{
    struct simulation sim = {.cameras = 3,
                             .workers = 1,
                             .service_ms = 20,
                             .seconds = 60,
                             .period_ms = {10, 10, 10},
                             .weight = {1, 2, 4}};
    (void)state;
    simulate(&sim);
    const double all = 50 * 60;
    for (size_t i = 0; i < 3; i++) {
        const double share = sim.weight[i] / 7 * all;
        assert_true(sim.results[i] > 0.95 * share && sim.results[i] < 1.05 * share);
    }
}

static void a_light_camera_does_not_pass_the_limit(void **state)
{
    struct simulation sim = {.cameras = 4,
                             .workers = 2,
                             .service_ms = 20,
                             .seconds = 60,
                             .period_ms = {10, 10, 10, 10},
                             .weight = {0.001, 1, 1, 1},
                             .max_age_ms = 500};
    (void)state;
    simulate(&sim);
    assert_true(sim.oldest_ms[0] <= 500);
    assert_true(sim.results[0] >= 2 * 60);            /* two a second */
    assert_true(sim.results[0] < sim.results[1] / 8); /* and not many more */
    sim = (struct simulation){.cameras = 4,
                              .workers = 2,
                              .service_ms = 20,
                              .seconds = 60,
                              .period_ms = {10, 10, 10, 10},
                              .weight = {0.001, 1, 1, 1}};
    simulate(&sim);
    assert_true(sim.oldest_ms[0] > 500);
}

static void one_that_rests_saves_nothing_up(void **state)
{
    struct schedule_entry entries[2] = {{.weight = 1}, {.weight = 1}};
    struct schedule schedule = {.entries = entries, .count = 2, .workers = 1};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        schedule_put(&schedule, 0, i);
        assert_int_equal(schedule_take(&schedule, i), 0);
        schedule_done(&schedule, 0, i, 1);
    }
    unsigned turns[2] = {0};
    for (int i = 1000; i < 1100; i++) {
        schedule_put(&schedule, 0, i);
        schedule_put(&schedule, 1, i);
        const size_t camera = schedule_take(&schedule, i);
        assert_in_range(camera, 0, 1);
        turns[camera]++;
        schedule_done(&schedule, camera, i, 1);
    }
    assert_in_range(turns[0], 49, 51);
}

static void frames_of_a_camera_keep_their_order(void **state)
{
    struct schedule_entry entries[1] = {{.weight = 1}};
    struct schedule schedule = {.entries = entries, .count = 1, .workers = 2};
    (void)state;
    assert_true(schedule_take(&schedule, 0) == SCHEDULE_NOBODY);
    schedule_put(&schedule, 0, 1);
    assert_int_equal(schedule_take(&schedule, 1), 0);
    schedule_put(&schedule, 0, 2);
    assert_true(schedule_take(&schedule, 2) == SCHEDULE_NOBODY);
    schedule_done(&schedule, 0, 1, 1);
    assert_int_equal(schedule_take(&schedule, 3), 0);
}

static void a_film_keeps_its_clock(void **state)
{
    struct pace pace = {.speed = 2};
    (void)state;
    assert_true(pace_seen_ms(&pace, 10, 5000) == 5000);
    assert_true(pace_seen_ms(&pace, 11, 5100) == 5500);
    assert_true(pace_seen_ms(&pace, 12, 6500) == 6000); /* late, by no more than is caught up */
    assert_true(pace_seen_ms(&pace, 13, 9000) == 9000); /* set back */
    assert_true(pace_seen_ms(&pace, 14, 9000) == 9500);
    pace_restart(&pace);
    assert_true(pace_seen_ms(&pace, 0, 20000) == 20000);
    struct pace live = {.speed = 0};
    assert_true(pace_seen_ms(&live, 77, 1234) == 1234);
}

static unsigned wanted(double fps, double camera_fps, double seconds)
{
    struct pace pace = {.fps = fps};
    unsigned count = 0;
    for (unsigned i = 0; i < camera_fps * seconds; i++)
        count += pace_wants(&pace, i / camera_fps);
    return count;
}

static void so_many_frames_a_second_are_wanted(void **state)
{
    (void)state;
    assert_int_equal(wanted(0, 25, 10), 250);
    assert_int_equal(wanted(25, 25, 10), 250);
    assert_in_range(wanted(10, 25, 10), 99, 101);
    assert_in_range(wanted(5, 25, 10), 50, 51);
    assert_in_range(wanted(12.5, 25, 10), 125, 126);
    assert_in_range(wanted(0.5, 25, 10), 5, 6);
    assert_int_equal(wanted(30, 8, 10), 80);
    struct pace pace = {.fps = 1};
    assert_true(pace_wants(&pace, 100));
    assert_false(pace_wants(&pace, 100.5));
    assert_true(pace_wants(&pace, 3)); /* the camera's clock went back */
    assert_false(pace_wants(&pace, 3.5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_served_where_there_is_time),
        cmocka_unit_test(too_many_share_evenly),
        cmocka_unit_test(weights_are_shares),
        cmocka_unit_test(a_light_camera_does_not_pass_the_limit),
        cmocka_unit_test(one_that_rests_saves_nothing_up),
        cmocka_unit_test(frames_of_a_camera_keep_their_order),
        cmocka_unit_test(a_film_keeps_its_clock),
        cmocka_unit_test(so_many_frames_a_second_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
