/* A small, fast mail server that throws every message away: what the sending benchmarks send to.
 *
 * Usage: sink [-d MS] [-r MS] [-l FILE]
 *   -d MS    it takes so long over each body (a busy server)
 *   -r MS    its replies take so long to arrive (a server far away)
 *   -l FILE  each message's recipients are written there before it is accepted
 *
 * It listens on 127.0.0.1 and says its port on standard output. On SIGTERM or SIGINT it says, as
 * JSON, what it took, and ends; it also ends with the process that started it. Times are seconds
 * of CLOCK_MONOTONIC. Speaks RFC 5321 with PIPELINING (RFC 2920): commands and bodies may come in
 * any pieces, and whatever is answered at one time leaves in one write.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 1024, LONGEST_INPUT = 1 << 18, LONGEST_OUTPUT = 1 << 16 };

static const char END_OF_BODY[] = "\r\n.\r\n";

struct connection {
    int socket;
    int place;           /* its index in `connections` */
    int in_body, has_sender, leaving, writable_wanted;
    double busy_until;   /* it takes one body after the other */
    double due;          /* when what is in `output` may leave */
    size_t received, waiting, named;
    char input[LONGEST_INPUT];
    char output[LONGEST_OUTPUT];
    char recipients[LONGEST_OUTPUT];
};

static struct connection *connections[MOST_CONNECTIONS];
static int open_now, most_open, events, timer, recipient_log = -1;
static double body_seconds, travel_seconds;
static long messages, octets;
static double first_at, last_at;
static volatile sig_atomic_t stopped;

static void stop(int signal_number) { (void)signal_number; stopped = 1; }

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void end(struct connection *one) {
    connections[one->place] = connections[--open_now];
    connections[one->place]->place = one->place;
    close(one->socket);
    free(one);
}

/* 0 when the client asks for more replies than anybody waits for. */
static int reply(struct connection *one, const char *text) {
    size_t length = strlen(text);
    if (one->waiting + length > LONGEST_OUTPUT) return 0;
    memcpy(one->output + one->waiting, text, length);
    one->waiting += length;
    double at = now();
    one->due = (at > one->busy_until ? at : one->busy_until) + travel_seconds;
    return 1;
}

static void forget_envelope(struct connection *one) { one->has_sender = one->named = 0; }

static int take_message(struct connection *one) {
    if (recipient_log >= 0 && write(recipient_log, one->recipients, one->named) < 0) fail("log");
    double at = now();
    one->busy_until = (at > one->busy_until ? at : one->busy_until) + body_seconds;
    if (messages++ == 0) first_at = at;
    last_at = at;
    one->in_body = 0;
    forget_envelope(one);
    return reply(one, "250 2.0.0 taken\r\n");
}

/* Keep the address of "RCPT TO:<address> ..." for the log. */
static int name_recipient(struct connection *one, char *line) {
    char *from = strchr(line, '<'), *to = from ? strchr(from, '>') : NULL;
    if (!one->has_sender) return reply(one, "503 5.5.1 MAIL first\r\n");
    if (!to) return reply(one, "501 5.5.4 RCPT TO:<address>\r\n");
    *to = '\n';
    size_t length = to - from;
    if (one->named + length > sizeof one->recipients) return reply(one, "452 4.5.3 too many\r\n");
    memcpy(one->recipients + one->named, from + 1, length);
    one->named += length;
    return reply(one, "250 2.1.5 ok\r\n");
}

static int is(const char *line, const char *verb) {
    return strncasecmp(line, verb, strlen(verb)) == 0;
}

/* `line` ends with a NUL in the place of its CR. */
static int obey(struct connection *one, char *line) {
    if (is(line, "EHLO"))
        return reply(one, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 52428800\r\n"
                          "250 ENHANCEDSTATUSCODES\r\n");
    if (is(line, "MAIL")) {
        if (one->has_sender) return reply(one, "503 5.5.1 one at a time\r\n");
        one->has_sender = 1;
        return reply(one, "250 2.1.0 ok\r\n");
    }
    if (is(line, "RCPT")) return name_recipient(one, line);
    if (is(line, "DATA")) {
        if (!one->named) return reply(one, "554 5.5.1 no recipients\r\n");
        one->in_body = 1;
        return reply(one, "354 go on\r\n");
    }
    if (is(line, "RSET")) {
        forget_envelope(one);
        return reply(one, "250 2.0.0 ok\r\n");
    }
    if (is(line, "QUIT")) {
        one->leaving = 1;
        return reply(one, "221 2.0.0 bye\r\n");
    }
    if (is(line, "HELO") || is(line, "NOOP")) return reply(one, "250 2.0.0 ok\r\n");
    return reply(one, "500 5.5.2 not known here\r\n");
}

/* Drop the first `count` octets of what was received. */
static void consume(struct connection *one, size_t count) {
    one->received -= count;
    memmove(one->input, one->input + count, one->received);
}

/* Work off what was received; 0 when this client is not to be talked to any longer. */
static int work_off(struct connection *one) {
    size_t start = 0;
    while (!one->leaving) {
        char *from = one->input + start;
        size_t rest = one->received - start;
        if (one->in_body) {
            char *found = memmem(from, rest, END_OF_BODY, 5);
            size_t passed = found ? (size_t)(found - from) + 5 : rest > 4 ? rest - 4 : 0;
            octets += passed;
            start += passed; /* up to four octets stay: the end may have begun in them */
            if (!found) break;
            if (!take_message(one)) return 0;
        } else {
            char *end_of_line = memmem(from, rest, "\r\n", 2);
            if (!end_of_line) break;
            *end_of_line = '\0';
            if (!obey(one, from)) return 0;
            *end_of_line = '\r';
            start += end_of_line - from;
            if (one->in_body) octets -= 5; /* DATA's line end stays: "." alone may come next */
            else start += 2;
        }
    }
    consume(one, start);
    return one->received < LONGEST_INPUT;
}

static int receive(struct connection *one) {
    ssize_t count =
        recv(one->socket, one->input + one->received, LONGEST_INPUT - one->received, 0);
    if (count < 0) return errno == EAGAIN;
    one->received += count;
    return count > 0 && work_off(one);
}

static int want_writable(struct connection *one, int wanted) {
    struct epoll_event event = {EPOLLIN | (wanted ? EPOLLOUT : 0), {.ptr = one}};
    if (one->writable_wanted == wanted) return 1;
    one->writable_wanted = wanted;
    return epoll_ctl(events, EPOLL_CTL_MOD, one->socket, &event) == 0;
}

/* Send what is due; 0 when the conversation is over. */
static int answer(struct connection *one, double at) {
    if (!one->waiting || one->due > at) return 1;
    ssize_t count = send(one->socket, one->output, one->waiting, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) return 0;
    if (count > 0) {
        one->waiting -= count;
        memmove(one->output, one->output + count, one->waiting);
    }
    if (!want_writable(one, one->waiting > 0)) return 0;
    return one->waiting || !one->leaving;
}

static void welcome(int listener) {
    int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
    if (socket < 0) return;
    struct connection *one = open_now < MOST_CONNECTIONS ? malloc(sizeof *one) : NULL;
    if (!one) {
        close(socket);
        return;
    }
    memset(one, 0, offsetof(struct connection, input));
    one->socket = socket;
    one->place = open_now;
    connections[open_now++] = one;
    if (open_now > most_open) most_open = open_now;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {EPOLLIN, {.ptr = one}};
    if (epoll_ctl(events, EPOLL_CTL_ADD, socket, &event) < 0) fail("epoll_ctl");
    reply(one, "220 sink ESMTP\r\n");
    if (!answer(one, now())) end(one);
}

/* Wake up when the next reply is due. */
static void set_timer(double at) {
    double next = 0;
    for (int i = 0; i < open_now; i++) {
        struct connection *one = connections[i];
        if (one->waiting && !one->writable_wanted && (!next || one->due < next)) next = one->due;
    }
    if (next && next <= at) next = at + 1e-6; /* a time of nought would switch the timer off */
    struct itimerspec when = {{0, 0}, {(time_t)next, (long)((next - (time_t)next) * 1e9)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static int listen_anywhere(void) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&place, size) || listen(listener, 512) ||
        getsockname(listener, (struct sockaddr *)&place, &size))
        fail("listen");
    printf("%d\n", ntohs(place.sin_port));
    fflush(stdout);
    return listener;
}

static void watch(int descriptor, void *mark) {
    struct epoll_event event = {EPOLLIN, {.ptr = mark}};
    if (epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) < 0) fail("epoll_ctl");
}

/* Answer whoever is due; a connection that ends puts the last one in its place. */
static void answer_all(void) {
    double at = now();
    for (int i = open_now - 1; i >= 0; i--)
        if (!answer(connections[i], at)) end(connections[i]);
    if (body_seconds > 0 || travel_seconds > 0) set_timer(at);
}

static void read_options(int count, char **words) {
    for (int option; (option = getopt(count, words, "d:r:l:")) != -1;) {
        if (option == 'd') body_seconds = atof(optarg) / 1000;
        else if (option == 'r') travel_seconds = atof(optarg) / 1000;
        else if (option == 'l')
            recipient_log = open(optarg, O_WRONLY | O_CREAT | O_APPEND, 0600);
        else exit(2);
        if (option == 'l' && recipient_log < 0) fail(optarg);
    }
}

/* Be told of SIGTERM and SIGINT inside epoll_pwait alone, so that none is missed. */
static sigset_t catch_signals(void) {
    struct sigaction action = {.sa_handler = stop};
    sigset_t outside, inside;
    sigemptyset(&outside);
    sigaddset(&outside, SIGTERM);
    sigaddset(&outside, SIGINT);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigprocmask(SIG_BLOCK, &outside, &inside);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    return inside;
}

int main(int count, char **words) {
    struct epoll_event ready[MOST_CONNECTIONS];
    read_options(count, words);
    sigset_t inside = catch_signals();
    events = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    int listener = listen_anywhere();
    watch(listener, &listener);
    watch(timer, &timer);
    while (!stopped) {
        int found = epoll_pwait(events, ready, MOST_CONNECTIONS, -1, &inside);
        for (int i = 0; i < found; i++) {
            void *mark = ready[i].data.ptr;
            unsigned long long rings;
            if (mark == &listener) welcome(listener);
            else if (mark == &timer) { if (read(timer, &rings, sizeof rings) < 0) continue; }
            else if (ready[i].events & ~EPOLLOUT && !receive(mark)) end(mark);
        }
        answer_all();
    }
    printf("{\"messages\": %ld, \"most_connections\": %d, \"octets\": %ld, \"first_at\": %.6f,"
           " \"last_at\": %.6f}\n", messages, most_open, octets, first_at, last_at);
    return 0;
}
