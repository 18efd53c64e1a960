// SPDX-License-Identifier: BSD-3-Clause
/*
 * cmd_run.c: `vmm run`: options → back ends → machine → event loop, again for each reset of the
 * guest, and back.
 */
#include "cmd.h"

#include "accel_select.h"
#include "block/block.h"
#include "control/control.h"
#include "event.h"
#include "exit_code.h"
#include "log.h"
#include "machine.h"
#include "options/run_options.h"
#include "file.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Everything that lives as long as the VM, across resets. */
struct run {
	struct vm_config config;
	struct machine_backends backends;
	struct event_loop *loop;
	struct machine *machine; /* NULL between two */
	struct control *control;
	int signal_fd;
	struct event_source *signal_source;
	bool leave; /* the user wants to go: no further machine */
};

/* An error of machine_create() and friends as an exit status. */
static int run_status(int error)
{
	return error == -EINVAL ? VMM_EXIT_ARGUMENTS : VMM_EXIT_FAULT;
}

static void run_leave(void *context)
{
	struct run *run = context;

	run->leave = true;
	if (run->machine) {
		machine_finish(run->machine, MACHINE_STOPPED);
	}
}

static void run_on_signal(void *context, uint32_t events)
{
	struct run *run = context;
	struct signalfd_siginfo info;

	(void)events;
	if (read(run->signal_fd, &info, sizeof(info)) != sizeof(info)) {
		return;
	}
	if (info.ssi_signo == SIGWINCH && run->machine) {
		machine_resize_console(run->machine);
	} else if (info.ssi_signo != SIGWINCH) {
		log_info("%s: stopping", strsignal((int)info.ssi_signo));
		run_leave(run);
	}
}

static struct machine *run_get_machine(void *context)
{
	return ((struct run *)context)->machine;
}

/* The console the user would want to see: the one marked so, else the first. */
static struct chardev *run_get_console(void *context)
{
	struct run *run = context;

	for (unsigned int i = 0; i < run->config.nr_serials; i++) {
		if (run->config.serials[i].console) {
			return run->backends.serials[i];
		}
	}
	return run->backends.serials[0];
}

/* Without a control socket the VM still runs, unless the user asked for this very one. */
static int run_open_control(struct run *run)
{
	const struct control_target target = {
		.config = &run->config,
		.machine = run_get_machine,
		.console = run_get_console,
		.stop = run_leave,
		.context = run,
	};
	int result = control_open(&target, run->loop, &run->control);

	if (result && result != -EINVAL && run->config.socket) {
		log_error("--socket: cannot listen on %s: %s", run->config.socket,
			  strerror(-result));
		return -EINVAL;
	}
	if (result && result != -EINVAL) {
		log_warn("no control socket: %s", strerror(-result));
		return 0;
	}
	return result;
}

/* Signals become events. Blocked here, before any thread starts, so that every thread
 * inherits it. */
static int run_catch_signals(struct run *run)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGWINCH);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0) {
		return -errno;
	}
	run->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->signal_fd < 0) {
		return -errno;
	}
	run->signal_source = event_loop_add(run->loop, run->signal_fd, EPOLLIN, run_on_signal, run);
	return run->signal_source ? 0 : -errno;
}

/* Returns a descriptor, or a negative errno. */
static int run_open_image(const char *what, const char *path)
{
	char error[FILE_ERROR_SIZE];
	int fd = file_open(path, error);

	if (fd < 0) {
		log_error("%s: %s", what, error);
	}
	return fd;
}

static int run_open_images(struct run *run)
{
	struct machine_backends *backends = &run->backends;

	backends->kernel_fd = run_open_image("kernel", run->config.kernel);
	if (backends->kernel_fd >= 0 && run->config.initrd) {
		backends->initrd_fd = run_open_image("initrd", run->config.initrd);
		return backends->initrd_fd < 0 ? backends->initrd_fd : 0;
	}
	return backends->kernel_fd < 0 ? backends->kernel_fd : 0;
}

static int run_open_devices(struct run *run)
{
	for (unsigned int i = 0; i < run->config.nr_serials; i++) {
		int result = chardev_open(&run->config.serials[i].chardev, run->loop,
					  &run->backends.serials[i]);

		if (result) {
			return -EINVAL; /* logged; a path the user gave */
		}
		chardev_on_leave(run->backends.serials[i], run_leave, run);
	}
	for (unsigned int i = 0; i < run->config.nr_blocks; i++) {
		const struct block_config *block = &run->config.blocks[i];
		int result = block_open(block->path, block->read_only, &run->backends.blocks[i]);

		if (result) {
			return result;
		}
	}
	return 0;
}

static int run_open_backends(struct run *run)
{
	int result = run_open_images(run);

	run->backends.smaps = fopen("/proc/self/smaps_rollup", "re");
	return result ?: run_open_devices(run);
}

static void run_close_backends(struct run *run)
{
	if (run->backends.kernel_fd >= 0) {
		close(run->backends.kernel_fd);
	}
	if (run->backends.initrd_fd >= 0) {
		close(run->backends.initrd_fd);
	}
	if (run->backends.smaps) {
		fclose(run->backends.smaps);
	}
	for (unsigned int i = 0; i < CONFIG_MAX_SERIALS; i++) {
		chardev_close(run->backends.serials[i]);
	}
	for (unsigned int i = 0; i < CONFIG_MAX_BLOCKS; i++) {
		block_close(run->backends.blocks[i]);
	}
}

static int run_write_fdt(struct run *run)
{
	const char *path = run->config.dump_dtb;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	size_t size;
	const void *fdt = machine_fdt(run->machine, &size);
	bool written = fd >= 0 && write(fd, fdt, size) == (ssize_t)size;

	written = (fd < 0 || close(fd) == 0) && written;
	if (!written) {
		log_error("--dump-dtb: cannot write %s: %s", path, strerror(errno));
		return VMM_EXIT_ARGUMENTS;
	}
	return VMM_EXIT_OFF;
}

/* One machine from its creation to its end. Returns how it ended, or a negative errno. */
static int run_machine(struct run *run)
{
	int result = machine_start(run->machine);

	result = result ?: event_loop_run(run->loop);
	return result < 0 ? result : (int)machine_get_end(run->machine);
}

/* Makes machines until one ends for good. */
static int run_until_end(struct run *run)
{
	for (;;) {
		int result = machine_create(&run->config, &run->backends, run->loop, &run->machine);

		if (result) {
			return run_status(result);
		}
		if (run->config.dump_dtb) {
			result = run_write_fdt(run);
			machine_destroy(run->machine);
			return result;
		}
		result = run_machine(run);
		machine_destroy(run->machine);
		run->machine = NULL;
		switch (result) {
		case MACHINE_OFF:
		case MACHINE_STOPPED:
			return VMM_EXIT_OFF;
		case MACHINE_PANIC:
			log_warn("the guest has panicked");
			return VMM_EXIT_PANIC;
		case MACHINE_RESET:
			if (run->config.no_reboot || run->leave) {
				return run->leave ? VMM_EXIT_OFF : VMM_EXIT_RESET;
			}
			log_debug("the guest resets");
			break;
		default:
			return VMM_EXIT_FAULT;
		}
	}
}

static int run_vm(struct run *run)
{
	int result = accel_select(&run->config);

	if (result) {
		return run_status(result);
	}
	run->loop = event_loop_create();
	result = run->loop ? run_catch_signals(run) : -errno;
	if (result) {
		log_error("cannot set up the event loop: %s", strerror(-result));
		return VMM_EXIT_FAULT;
	}
	result = run_open_backends(run);
	if (result == 0 && !run->config.dump_dtb) {
		result = run_open_control(run);
	}
	/* Nothing the guest says has been read so far. --dump-dtb runs no guest, and writes a file.
	 */
	if (result == 0 && !run->config.no_sandbox && !run->config.dump_dtb) {
		result = sandbox_enter();
	}
	return result ? run_status(result) : run_until_end(run);
}

int cmd_run(int argc, char **argv)
{
	struct run run = {.signal_fd = -1, .backends = {.kernel_fd = -1, .initrd_fd = -1}};
	char error[OPT_ERROR_SIZE];
	int result = run_options_parse(argc, argv, &run.config, stdout, error);

	if (result == OPT_HELP) {
		return VMM_EXIT_OFF;
	}
	if (result) {
		log_error("%s", error);
		return VMM_EXIT_ARGUMENTS;
	}
	result = run_vm(&run);
	control_close(run.control);
	run_close_backends(&run);
	event_source_remove(run.signal_source);
	if (run.signal_fd >= 0) {
		close(run.signal_fd);
	}
	event_loop_destroy(run.loop);
	run_options_release(&run.config);
	return result;
}
