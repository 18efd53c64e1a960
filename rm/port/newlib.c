// SPDX-License-Identifier: BSD-3-Clause
/*
 * newlib.c: what newlib asks of the system it runs on (newlib manual, "System Calls").
 *
 * There are no files. Standard output and error go to the hypervisor's log; the heap is a fixed
 * piece of the image. Here, and nowhere else in the RM, hypervisor errors become errno.
 */
#include <errno.h>
#include <hyp/stubs.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "el1/el1.h"

#define CONSOLE_BYTES 32

extern char heap_start[], heap_end[];

int _write(int file, const void *data, size_t bytes);
int _read(int file, void *data, size_t bytes);
int _close(int file);
int _isatty(int file);
int _fstat(int file, struct stat *status);
off_t _lseek(int file, off_t offset, int whence);
int _getpid(void);
int _kill(int pid, int signal);
void _exit(int status) __attribute__((noreturn));
void *_sbrk(ptrdiff_t bytes);

static int port_errno(long error)
{
	switch (error) {
	case HYP_E_NOSYS:
		return ENOSYS;
	case HYP_E_NOMEM:
	case HYP_E_LIMIT:
		return ENOMEM;
	case HYP_E_BUSY:
	case HYP_E_STATE:
		return EBUSY;
	case HYP_E_AGAIN:
		return EAGAIN;
	case HYP_E_RIGHT:
	case HYP_E_OWNER:
	case HYP_E_DENIED:
		return EPERM;
	case HYP_E_EXIST:
		return EEXIST;
	default:
		return EINVAL;
	}
}

int _write(int file, const void *data, size_t bytes)
{
	const char *from = data;

	if (file != STDOUT_FILENO && file != STDERR_FILENO) {
		errno = EBADF;
		return -1;
	}
	for (size_t done = 0; done < bytes;) {
		size_t now = bytes - done < CONSOLE_BYTES ? bytes - done : CONSOLE_BYTES;
		uint64_t word[CONSOLE_BYTES / 8] = {0};
		struct hyp_result result;

		memcpy(word, from + done, now);
		result = hyp_console_write(now, word[0], word[1], word[2], word[3]);
		if (result.error) {
			errno = port_errno(result.error);
			return -1;
		}
		done += now;
	}
	return (int)bytes;
}

int _read(int file, void *data, size_t bytes)
{
	(void)file;
	(void)data;
	(void)bytes;
	return 0;
}

int _close(int file)
{
	(void)file;
	errno = EBADF;
	return -1;
}

int _isatty(int file)
{
	return file <= STDERR_FILENO;
}

int _fstat(int file, struct stat *status)
{
	(void)file;
	memset(status, 0, sizeof(*status));
	status->st_mode = S_IFCHR;
	return 0;
}

off_t _lseek(int file, off_t offset, int whence)
{
	(void)file;
	(void)offset;
	(void)whence;
	errno = ESPIPE;
	return -1;
}

int _getpid(void)
{
	return 1;
}

int _kill(int pid, int signal)
{
	(void)pid;
	(void)signal;
	_exit(1);
}

void _exit(int status)
{
	(void)status;
	crash_stop();
}

void *_sbrk(ptrdiff_t bytes)
{
	static char *end = heap_start;
	char *old = end;

	if (bytes > heap_end - end || bytes < heap_start - end) {
		errno = ENOMEM;
		return (void *)-1;
	}
	end += bytes;
	return old;
}
