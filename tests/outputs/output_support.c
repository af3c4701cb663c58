/* SPDX-License-Identifier: Apache-2.0 */
/* Files, programs and sockets of the tests of outputs. */
#include "output_support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[PATH_MAX / 2];
static int kept_error = -1;

void pause_ms(int milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

const char *test_folder(void)
{
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "/tmp/octet-outputs-XXXXXX");
        if (!mkdtemp(folder))
            exit(EXIT_FAILURE);
    }
    return folder;
}

void remove_folder(void)
{
    const char *const remove[] = {"rm", "-rf", folder, NULL};
    if (folder[0])
        run_program(remove, NULL);
    folder[0] = '\0';
}

const char *in_folder(const char *name)
{
    static char path[4][PATH_MAX];
    static int next;
    char *text = path[next++ % 4];
    snprintf(text, PATH_MAX, "%s/%s", test_folder(), name);
    return text;
}

void catch_messages(void)
{
    const int file = open(in_folder("messages"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    kept_error = dup(STDERR_FILENO);
    if (file < 0 || kept_error < 0 || dup2(file, STDERR_FILENO) < 0)
        exit(EXIT_FAILURE);
    close(file);
}

char *caught(void)
{
    return file_text(in_folder("messages"));
}

void release_messages(void)
{
    dup2(kept_error, STDERR_FILENO);
    close(kept_error);
}

size_t times_caught(const char *part)
{
    char *text = caught();
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        count++;
    free(text);
    return count;
}

char *file_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t length = 0, room = 1 << 16;
    char *text = app_alloc(room + 1, 1);
    while (file) {
        const size_t got = fread(text + length, 1, room - length, file);
        length += got;
        if (!got)
            break;
        if (length == room)
            text = app_resize(text, (room *= 2) + 1, 1);
    }
    if (file)
        fclose(file);
    text[length] = '\0';
    return text;
}

void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        exit(EXIT_FAILURE);
}

bool file_holds(const char *path, const char *part)
{
    char *text = file_text(path);
    const bool holds = strstr(text, part) != NULL;
    free(text);
    return holds;
}

pid_t start_program(const char *const *arguments, const char *output)
{
    const int file =
        open(output ? output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const pid_t parent = getpid(), program = fork();
    if (program != 0) {
        close(file);
        return program;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    if (getppid() == parent && dup2(file, STDOUT_FILENO) >= 0 && dup2(file, STDERR_FILENO) >= 0)
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static int wait_for(pid_t program)
{
    int status = 0;
    while (waitpid(program, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int run_program(const char *const *arguments, const char *output)
{
    return wait_for(start_program(arguments, output));
}

bool can_run_itself(void)
{
    return getenv("OCTET_TEST_EMULATED") == NULL;
}

int run_without_library(const char *library, const char *output)
{
    char itself[PATH_MAX] = "";
    if (readlink("/proc/self/exe", itself, sizeof itself - 1) < 0)
        exit(EXIT_FAILURE);
    write_text(in_folder(library), ""); /* found first, and no library */
    char *folders = app_printf("LD_LIBRARY_PATH=%s", test_folder());
    const char *const run[] = {"env", folders, itself, "missing", NULL};
    const int status = run_program(run, output);
    unlink(in_folder(library));
    free(folders);
    return status;
}

void stop_program(pid_t *program, int number)
{
    if (*program > 0) {
        kill(*program, number);
        wait_for(*program);
    }
    *program = 0;
}

bool has_program(const char *name)
{
    const char *const look[] = {"sh", "-c", "command -v \"$0\"", name, NULL};
    return run_program(look, NULL) == 0;
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int bind_somewhere(int *port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(descriptor, (struct sockaddr *)&address, size) != 0 ||
        getsockname(descriptor, (struct sockaddr *)&address, &size) != 0)
        exit(EXIT_FAILURE);
    *port = ntohs(address.sin_port);
    return descriptor;
}

int free_port(void)
{
    int port;
    close(bind_somewhere(&port));
    return port;
}

int listen_silently(int *port)
{
    const int descriptor = bind_somewhere(port);
    if (listen(descriptor, 1) != 0)
        exit(EXIT_FAILURE);
    return descriptor;
}

int begin_to_connect(int port)
{
    const struct sockaddr_in address = loopback(port);
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0 &&
        errno != EINPROGRESS)
        exit(EXIT_FAILURE);
    return descriptor;
}

static int connect_to(int family, const void *address, socklen_t size)
{
    const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(descriptor, address, size) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

int connect_to_port(int port)
{
    const struct sockaddr_in address = loopback(port);
    return connect_to(AF_INET, &address, sizeof address);
}

int connect_to_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return connect_to(AF_UNIX, &address, sizeof address);
}

char *read_all(int descriptor, int milliseconds)
{
    size_t length = 0, room = 1 << 16;
    char *text = app_alloc(room + 1, 1);
    struct pollfd readable = {.fd = descriptor, .events = POLLIN};
    while (poll(&readable, 1, milliseconds) > 0) {
        const ssize_t got = read(descriptor, text + length, room - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        if (length == room)
            text = app_resize(text, (room *= 2) + 1, 1);
    }
    text[length] = '\0';
    return text;
}
