/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages by way of a real mosquitto broker: one that is absent at first, killed and started
 * again, stopped in its tracks, with passwords and with TLS. Skipped where there is none.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "output_broker.h"
#include "output_support.h"
#include "watch/outputs/mqtt_output.h"

static struct app app;

static struct mqtt_output *open_settings(const struct mqtt_output_settings *settings)
{
    struct mqtt_output *output;
    assert_int_equal(mqtt_output_open(&app, settings, &output), STATUS_DONE);
    return output;
}

static struct mqtt_output *open_output(const struct broker *broker)
{
    char address[64];
    snprintf(address, sizeof address, "mqtt://127.0.0.1:%d", broker->port);
    return open_settings(&(struct mqtt_output_settings){.address = address});
}

/* Waiting is not looking again and again. */
static void assert_idle(void)
{
    const double before_ms = app_cpu_ms();
    pause_ms(500);
    assert_true(app_cpu_ms() - before_ms < 150);
}

static void connect_output(struct mqtt_output *output)
{
    WAIT_UNTIL(mqtt_output_is_connected(output));
}

static void events_and_states_arrive(void **state)
{
    struct broker broker = {0};
    char *heard = app_strdup(in_folder("heard")), *later = app_strdup(in_folder("later"));
    (void)state;
    broker_start(&broker);
    catch_messages();
    struct mqtt_output *output = open_output(&broker);
    pid_t listener = broker_listen(&broker, heard);
    connect_output(output);
    mqtt_output_publish(output, "front door/state", "idle", true);
    mqtt_output_publish(output, "front door/state", "active", true);
    mqtt_output_publish(output, "front door", "{\"objects\":[]}", false);
    WAIT_UNTIL(file_holds(heard, " octet/front door {\"objects\":[]}\n"));
    WAIT_UNTIL(file_holds(heard, " octet/front door/state active\n"));
    WAIT_UNTIL(file_holds(heard, " octet/status online\n"));
    /* who comes later gets the states, and no events */
    pid_t late = broker_listen(&broker, later);
    WAIT_UNTIL(file_holds(later, "1 octet/front door/state active\n"));
    WAIT_UNTIL(file_holds(later, "1 octet/status online\n"));
    assert_false(file_holds(later, "objects"));
    assert_null(mqtt_output_problem(output));
    assert_idle();
    struct output_counts counts;
    mqtt_output_close(&output, &counts);
    assert_null(output);
    WAIT_UNTIL(file_holds(later, "0 octet/status offline\n"));
    release_messages();
    assert_int_equal(times_caught("\n"), 0); /* nothing to say */
    assert_in_range(counts.written, 4, 5);   /* "idle" may have been overtaken */
    assert_int_equal(counts.dropped + counts.failed, 0);
    stop_program(&late, SIGTERM);
    stop_program(&listener, SIGTERM);
    broker_stop(&broker);
    mqtt_output_close(&output, NULL);
    free(heard);
    free(later);
}

static void a_broker_may_be_absent_and_go_away(void **state)
{
    struct broker broker = {.port = free_port()};
    char *heard = app_strdup(in_folder("heard")), *again = app_strdup(in_folder("again"));
    (void)state;
    catch_messages();
    struct mqtt_output *output = open_output(&broker);
    WAIT_UNTIL(times_caught("not reachable yet, trying again: Connection refused\n") == 1);
    for (int i = 0; i < 100; i++)
        mqtt_output_publish(output, "door", "early", false);
    mqtt_output_publish(output, "door/state", "waiting", true);
    assert_int_equal(mqtt_output_counts(output).dropped, 100);
    char *problem = mqtt_output_problem(output);
    assert_non_null(problem);
    free(problem);
    broker_start(&broker);
    connect_output(output);
    WAIT_UNTIL(times_caught(": connected\n") == 1);
    pid_t listener = broker_listen(&broker, heard);
    WAIT_UNTIL(file_holds(heard, " octet/door/state waiting\n"));
    mqtt_output_publish(output, "door", "first", false);
    WAIT_UNTIL(file_holds(heard, " octet/door first\n"));
    assert_false(file_holds(heard, "early"));
    assert_null(mqtt_output_problem(output));

    broker_kill(&broker);
    stop_program(&listener, SIGTERM);
    WAIT_UNTIL(!mqtt_output_is_connected(output));
    WAIT_UNTIL(times_caught(": the connection is lost, trying again") == 1);
    pause_ms(3000); /* it is tried again meanwhile, and not said again */
    mqtt_output_publish(output, "door", "lost", false);
    mqtt_output_publish(output, "door/state", "changed", true);
    broker_start(&broker);
    connect_output(output);
    listener = broker_listen(&broker, again);
    WAIT_UNTIL(file_holds(again, " octet/door/state changed\n"));
    WAIT_UNTIL(file_holds(again, " octet/status online\n")); /* which the broker had forgotten */
    mqtt_output_publish(output, "door", "second", false);
    WAIT_UNTIL(file_holds(again, " octet/door second\n"));
    assert_false(file_holds(again, "lost"));
    struct output_counts counts;
    mqtt_output_close(&output, &counts);
    WAIT_UNTIL(file_holds(again, " octet/status offline\n"));
    release_messages();
    assert_int_equal(times_caught("\n"), 4); /* each change once */
    assert_int_equal(counts.dropped, 101);
    assert_int_equal(counts.failed, 0);
    stop_program(&listener, SIGTERM);
    broker_stop(&broker);
    free(heard);
    free(again);
}

/* The broker tells the will of a program that dies. */
static void death_is_told(void **state)
{
    struct broker broker = {0};
    char *heard = app_strdup(in_folder("heard"));
    (void)state;
    broker_start(&broker);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct mqtt_output *output = open_output(&broker);
        for (;;)
            pause_ms(1000 + (output == NULL));
    }
    pid_t listener = broker_listen(&broker, heard);
    WAIT_UNTIL(file_holds(heard, " octet/status online\n"));
    stop_program(&child, SIGKILL);
    WAIT_UNTIL(file_holds(heard, "0 octet/status offline\n"));
    stop_program(&listener, SIGTERM);
    broker_stop(&broker);
    free(heard);
}

/* It takes nothing any more, and does not hang up either. */
static void a_broker_that_hangs_is_waited_for_by_nobody(void **state)
{
    enum { EVENTS = 50000, BYTES = 2000 };
    struct broker broker = {0};
    char text[BYTES + 1];
    (void)state;
    memset(text, 'x', BYTES);
    text[BYTES] = '\0';
    broker_start(&broker);
    struct mqtt_output *output = open_output(&broker);
    connect_output(output);
    WAIT_UNTIL(mqtt_output_counts(output).written == 1); /* the status */
    kill(broker.program, SIGSTOP);
    for (int i = 0; i < EVENTS; i++)
        mqtt_output_publish(output, "door", text, false);
    assert_idle();
    const double begun_ms = app_now_ms();
    struct output_counts counts;
    mqtt_output_close(&output, &counts);
    assert_true(app_now_ms() - begun_ms < 2000);
    /* what the system's buffers took, and no more than the ring holds beside */
    assert_true(counts.dropped > EVENTS / 2);
    assert_true(counts.failed <= 1); /* the library's queue, which has no bounds, is not used */
    assert_int_equal(counts.written - 1 + counts.dropped + counts.failed, EVENTS);
    kill(broker.program, SIGCONT);
    broker_stop(&broker);
}

/* Somebody who takes connections, and one who does not even do that. */
static void silence_does_not_hold_up_the_end(void **state)
{
    enum { MORE = 8 };
    int port, waiting[MORE];
    const int listener = listen_silently(&port);
    (void)state;
    for (int full = 0; full <= 1; full++) {
        for (int i = 0; full && i < MORE; i++)
            waiting[i] = begin_to_connect(port);
        char address[64];
        snprintf(address, sizeof address, "mqtt://127.0.0.1:%d", port);
        struct mqtt_output *output =
            open_settings(&(struct mqtt_output_settings){.address = address});
        assert_idle();
        assert_false(mqtt_output_is_connected(output));
        const double begun_ms = app_now_ms();
        mqtt_output_close(&output, NULL);
        assert_true(app_now_ms() - begun_ms < 1000);
        for (int i = 0; full && i < MORE; i++)
            close(waiting[i]);
    }
    close(listener);
}

static void passwords_are_asked_for_and_not_told(void **state)
{
    struct broker broker = {.needs_password = true};
    char *heard = app_strdup(in_folder("heard")), address[128];
    (void)state;
    broker_start(&broker);
    catch_messages();
    snprintf(address, sizeof address, "mqtt://" BROKER_USER ":s3cr%%40t%%2Fx@localhost:%d",
             broker.port);
    struct mqtt_output *output =
        open_settings(&(struct mqtt_output_settings){.address = address, .prefix = "home/watch"});
    connect_output(output);
    pid_t listener = broker_listen(&broker, heard);
    mqtt_output_publish(output, "door", "seen", false);
    WAIT_UNTIL(file_holds(heard, "0 home/watch/door seen\n"));
    mqtt_output_close(&output, NULL);
    assert_int_equal(times_caught("\n"), 0);

    snprintf(address, sizeof address, "mqtt://" BROKER_USER ":hunter2@127.0.0.1:%d", broker.port);
    output = open_settings(&(struct mqtt_output_settings){.address = address});
    WAIT_UNTIL(times_caught("\n") > 0);
    char *problem = mqtt_output_problem(output);
    assert_non_null(problem);
    assert_null(strstr(problem, "hunter2"));
    assert_null(strstr(problem, BROKER_USER));
    assert_non_null(strstr(problem, ": the broker refuses the user or the password, trying again"));
    free(problem);
    pause_ms(1500); /* it is tried again, and not said again */
    mqtt_output_close(&output, NULL);
    release_messages();
    assert_int_equal(times_caught("\n"), 1);
    assert_int_equal(times_caught("hunter2"), 0);
    stop_program(&listener, SIGTERM);
    broker_stop(&broker);
    free(heard);
}

/* What was said of a broker that cannot be trusted. */
static void is_not_trusted(const char *address, const char *authorities)
{
    catch_messages();
    struct mqtt_output *output = open_settings(
        &(struct mqtt_output_settings){.address = address, .authorities = authorities});
    WAIT_UNTIL(times_caught("\n") > 0);
    release_messages();
    assert_int_equal(times_caught("not reachable yet, trying again: "), 1);
    assert_true(times_caught("certificate") > 0);
    assert_false(mqtt_output_is_connected(output));
    mqtt_output_close(&output, NULL);
}

static void certificates_are_verified(void **state)
{
    struct broker broker = {.is_encrypted = true};
    char *heard = app_strdup(in_folder("heard")), address[64], by_number[64];
    (void)state;
    if (!broker_make_certificate()) {
        print_message("skipped: openssl is not here\n");
        free(heard);
        skip();
    }
    broker_start(&broker);
    snprintf(address, sizeof address, "mqtts://localhost:%d", broker.port);
    snprintf(by_number, sizeof by_number, "mqtts://127.0.0.1:%d", broker.port);
    char *good = app_strdup(in_folder("cert.pem")), *other = app_strdup(in_folder("other.pem"));
    is_not_trusted(address, NULL);   /* the system does not know it */
    is_not_trusted(address, other);  /* signed by somebody else */
    is_not_trusted(by_number, good); /* made for another name */
    struct mqtt_output *output =
        open_settings(&(struct mqtt_output_settings){.address = address, .authorities = good});
    connect_output(output);
    pid_t listener = broker_listen(&broker, heard);
    mqtt_output_publish(output, "door", "seen", false);
    WAIT_UNTIL(file_holds(heard, "0 octet/door seen\n"));
    assert_idle();
    struct output_counts counts;
    mqtt_output_close(&output, &counts);
    assert_int_equal(counts.failed + counts.dropped, 0);
    WAIT_UNTIL(file_holds(heard, " octet/status offline\n"));
    stop_program(&listener, SIGTERM);
    broker_stop(&broker);
    free(good);
    free(other);
    free(heard);
}

static void *publish_many(void *user)
{
    char topic[32];
    for (int i = 0; i < 400; i++) {
        snprintf(topic, sizeof topic, "thread/%d", i % 10);
        mqtt_output_publish(user, topic, "x", i % 4 == 0);
    }
    return NULL;
}

static void threads_publish_at_once(void **state)
{
    enum { WRITERS = 4 };
    struct broker broker = {0};
    pthread_t writer[WRITERS];
    (void)state;
    broker_start(&broker);
    struct mqtt_output *output = open_output(&broker);
    connect_output(output);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writer[i], NULL, publish_many, output), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writer[i], NULL);
    struct output_counts counts;
    mqtt_output_close(&output, &counts);
    assert_int_equal(counts.failed, 0);
    /* all events, and of the states at least the last ones */
    assert_true(counts.written + counts.dropped >= WRITERS * 300 + 5);
    broker_stop(&broker);
}

static void wrong_settings_are_refused(void **state)
{
    const struct mqtt_output_settings wrong[] = {
        {.address = "mqtt://cam:hunter2@host:99999"},
        {.address = "mqtt://cam:hunter2@host/topic"},
        {.address = "mqtt://cam:hunter2@"},
        {.address = "mqtt://cam:hunt%zzhunter2@host"},
        {.address = "tcp://cam:hunter2@host"},
        {.address = "mqtt://host", .prefix = "a/#"},
        {.address = "mqtt://host", .prefix = "$SYS"},
        {.address = "mqtts://host", .authorities = "/no/such.pem"},
    };
    const size_t count = sizeof wrong / sizeof *wrong;
    struct mqtt_output *output;
    (void)state;
    catch_messages();
    for (size_t i = 0; i < count; i++) {
        const int wanted = wrong[i].authorities ? STATUS_FAILED : STATUS_USAGE;
        assert_int_equal(mqtt_output_open(&app, &wrong[i], &output), wanted);
        assert_null(output);
    }
    release_messages();
    assert_int_equal(times_caught("\n"), count);
    assert_int_equal(times_caught("hunter2"), 0);
}

/* Topics that are none, and more states than there may be, are counted and cost nothing else. */
static void wrong_topics_are_counted(void **state)
{
    struct broker broker = {.port = free_port()};
    char topic[32];
    (void)state;
    catch_messages();
    struct mqtt_output *output = open_output(&broker);
    mqtt_output_publish(output, "a/+", "x", false);
    mqtt_output_publish(output, "", "x", true);
    assert_int_equal(mqtt_output_counts(output).failed, 2);
    for (int i = 0; i < 1100; i++) {
        snprintf(topic, sizeof topic, "state/%d", i);
        mqtt_output_publish(output, topic, "x", true);
    }
    assert_int_equal(mqtt_output_counts(output).failed, 2 + 1100 - 1023); /* one is the status */
    mqtt_output_close(&output, NULL);
    release_messages();
}

static int try_without_library(void)
{
    const struct mqtt_output_settings settings = {.address = "mqtt://cam:hunter2@127.0.0.1"};
    struct mqtt_output *output;
    return mqtt_output_open(&app, &settings, &output);
}

static void a_missing_library_is_told(void **state)
{
    const char *said = in_folder("said");
    (void)state;
    if (!can_run_itself())
        skip();
    assert_int_equal(run_without_library("libmosquitto.so.1", said), STATUS_FAILED);
    char *text = file_text(said);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    assert_non_null(strstr(text, "octet: libmosquitto.so.1 cannot be opened"));
    assert_non_null(strstr(text, "(the package libmosquitto1)\n"));
    assert_null(strstr(text, "hunter2"));
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_library_is_told),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(wrong_topics_are_counted),
        cmocka_unit_test(events_and_states_arrive),
        cmocka_unit_test(a_broker_may_be_absent_and_go_away),
        cmocka_unit_test(death_is_told),
        cmocka_unit_test(a_broker_that_hangs_is_waited_for_by_nobody),
        cmocka_unit_test(silence_does_not_hold_up_the_end),
        cmocka_unit_test(passwords_are_asked_for_and_not_told),
        cmocka_unit_test(certificates_are_verified),
        cmocka_unit_test(threads_publish_at_once),
    };
    if (argc > 1 && strcmp(argv[1], "missing") == 0)
        return try_without_library();
#ifdef OCTET_HAS_MOSQUITTO
    const bool is_built = true;
#else
    const bool is_built = false;
#endif
    if (!is_built || !dlopen("libmosquitto.so.1", RTLD_NOW | RTLD_LOCAL)) {
        puts("skipped: MQTT needs libmosquitto (libmosquitto-dev to build)");
        return SKIPPED;
    }
    if (!broker_is_there()) {
        puts("skipped: no broker (packages mosquitto and mosquitto-clients)");
        return SKIPPED;
    }
    signal(SIGPIPE, SIG_IGN);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder();
    return failed;
}
