// SPDX-License-Identifier: BSD-3-Clause
/*
 * Runs one command on the host VM for the harness.
 *
 * The harness and this program talk over one virtio-serial port, so that the command's bytes never
 * mix with the boot messages on the console. Both directions carry frames: one byte type, four
 * bytes length (little endian), payload.
 *
 *   harness to agent:  'C' command: its arguments, each ended by NUL     'I' standard input, empty:
 * end of input agent to harness:  'H' ready for a command    'O' standard output    'R' standard
 * error 'X' ended: one byte, the exit status (128 + signal number for a signal), always the last
 * frame
 *
 * Started by host-init with the port's device as its only argument; returns when the command has
 * ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FRAME_HEADER = 5,
	FRAME_MAX = 1 << 16,
	ARGS_MAX = 1024,
	STATUS_CANNOT_RUN = 127,
};

struct frame {
	char type;
	uint32_t length;
	char payload[FRAME_MAX + 1];
};

/* The running command: our ends of its pipes, -1 once closed. */
struct command {
	pid_t pid;
	int input;
	int output;
	int error;
	uint32_t nr_given; /* bytes of the pending input frame that it has taken */
};

/* Its only effect is that ppoll() returns. */
static void agent_note_child(int signal)
{
	(void)signal;
}

static int agent_write_all(int fd, const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return -1;
		}
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static int agent_read_all(int fd, void *data, size_t length)
{
	char *at = data;

	while (length > 0) {
		ssize_t n = read(fd, at, length);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return -1;
		}
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static int agent_send_frame(int port, char type, const void *payload, uint32_t length)
{
	unsigned char header[FRAME_HEADER] = {
		(unsigned char)type,   length & 0xff,         (length >> 8) & 0xff,
		(length >> 16) & 0xff, (length >> 24) & 0xff,
	};

	if (agent_write_all(port, header, sizeof(header)) < 0) {
		return -1;
	}
	return agent_write_all(port, payload, length);
}

/* The payload is followed by a NUL that does not count. */
static int agent_receive_frame(int port, struct frame *frame)
{
	unsigned char header[FRAME_HEADER];

	if (agent_read_all(port, header, sizeof(header)) < 0) {
		return -1;
	}
	frame->type = (char)header[0];
	frame->length = header[1] | (uint32_t)header[2] << 8 | (uint32_t)header[3] << 16 |
			(uint32_t)header[4] << 24;
	if (frame->length > FRAME_MAX) {
		return -1;
	}
	frame->payload[frame->length] = '\0';
	return agent_read_all(port, frame->payload, frame->length);
}

static _Noreturn void agent_exec(struct frame *frame, const int in[2], const int out[2],
				 const int err[2])
{
	char *args[ARGS_MAX + 1];
	size_t nr_args = 0;

	for (uint32_t at = 0; at < frame->length && nr_args < ARGS_MAX; nr_args++) {
		args[nr_args] = &frame->payload[at];
		at += (uint32_t)strlen(args[nr_args]) + 1;
	}
	args[nr_args] = NULL;
	setsid();
	signal(SIGPIPE, SIG_DFL);
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	dup2(err[1], STDERR_FILENO);
	if (nr_args > 0) {
		execvp(args[0], args);
		dprintf(STDERR_FILENO, "%s: %s\n", args[0], strerror(errno));
	}
	_exit(STATUS_CANNOT_RUN);
}

static int agent_start_command(struct frame *frame, struct command *command)
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) {
		return -1;
	}
	command->pid = fork();
	if (command->pid < 0) {
		return -1;
	}
	if (command->pid == 0) {
		agent_exec(frame, in, out, err);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	command->input = in[1];
	command->output = out[0];
	command->error = err[0];
	return 0;
}

static void agent_close(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* Passes on what the command wrote; closes the pipe at its end. Returns false when there was
 * nothing. */
static bool agent_forward_output(int port, char type, int *fd)
{
	static char buffer[FRAME_MAX];
	ssize_t n;

	if (*fd < 0) {
		return false;
	}
	n = read(*fd, buffer, sizeof(buffer));
	if (n < 0) {
		return false;
	}
	if (n == 0) {
		agent_close(fd);
		return false;
	}
	agent_send_frame(port, type, buffer, (uint32_t)n);
	return true;
}

/*
 * Standard input goes through one pending frame: the next is read from the port only when the
 * command has taken all of this one. So a command that does not read never stops its own output
 * from being passed on.
 */
static void agent_accept_input(int port, struct command *command, struct frame *pending)
{
	if (agent_receive_frame(port, pending) < 0 || pending->type != 'I') {
		pending->length = 0;
		return;
	}
	command->nr_given = 0;
	if (pending->length == 0 && command->input >= 0) {
		agent_close(&command->input);
	}
	if (command->input < 0) {
		pending->length = 0;
	}
}

static void agent_forward_input(struct command *command, struct frame *pending)
{
	ssize_t n = write(command->input, pending->payload + command->nr_given,
			  pending->length - command->nr_given);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n < 0) {
		agent_close(&command->input);
		pending->length = 0;
		return;
	}
	command->nr_given += (uint32_t)n;
	if (command->nr_given == pending->length) {
		pending->length = 0;
	}
}

/* What a command that has ended left in its pipes; processes it left behind may still hold them
 * open. */
static void agent_drain(int port, struct command *command)
{
	if (command->output >= 0) {
		fcntl(command->output, F_SETFL, O_NONBLOCK);
		while (agent_forward_output(port, 'O', &command->output)) {
		}
	}
	if (command->error >= 0) {
		fcntl(command->error, F_SETFL, O_NONBLOCK);
		while (agent_forward_output(port, 'R', &command->error)) {
		}
	}
}

static void agent_serve_command(int port, struct command *command, struct frame *pending)
{
	sigset_t blocked, waiting;
	int status;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	pending->length = 0;
	while (waitpid(command->pid, &status, WNOHANG) == 0) {
		bool full = pending->length > 0;
		struct pollfd fds[] = {
			{.fd = full ? -1 : port, .events = POLLIN},
			{.fd = full ? command->input : -1, .events = POLLOUT},
			{.fd = command->output, .events = POLLIN},
			{.fd = command->error, .events = POLLIN},
		};

		if (ppoll(fds, 4, NULL, &waiting) <= 0) {
			continue;
		}
		if (fds[0].revents & POLLIN) {
			agent_accept_input(port, command, pending);
		}
		if (fds[1].revents) {
			agent_forward_input(command, pending);
		}
		if (fds[2].revents) {
			agent_forward_output(port, 'O', &command->output);
		}
		if (fds[3].revents) {
			agent_forward_output(port, 'R', &command->error);
		}
	}
	agent_drain(port, command);
	unsigned char code =
		(unsigned char)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	agent_send_frame(port, 'X', &code, 1);
}

int main(int argc, char **argv)
{
	static struct frame frame;
	struct sigaction on_child = {.sa_handler = agent_note_child};
	struct command command;
	int port;

	if (argc != 2) {
		fprintf(stderr, "usage: harness-agent PORT\n");
		return 2;
	}
	port = open(argv[1], O_RDWR | O_CLOEXEC);
	if (port < 0) {
		perror(argv[1]);
		return 1;
	}
	sigaction(SIGCHLD, &on_child, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (agent_send_frame(port, 'H', "", 0) < 0 || agent_receive_frame(port, &frame) < 0 ||
	    frame.type != 'C') {
		fprintf(stderr, "harness-agent: no command came\n");
		return 1;
	}
	if (agent_start_command(&frame, &command) < 0) {
		perror("harness-agent");
		return 1;
	}
	agent_serve_command(port, &command, &frame);
	/* The port's last bytes are on their way when write returns; the harness ends the machine.
	 */
	pause();
	return 0;
}
