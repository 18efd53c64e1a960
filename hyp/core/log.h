/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hypervisor's log: a ring that the host can read, and the board's UART until the host
 * takes it over. A line at error level is never caused by a VM.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdarg.h>
#include <core/types.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Sets what is kept; lines above the level are dropped. */
void log_init(enum log_level level);

/* Stops copying lines to the UART: the host owns it from now on. log_panic_mode() takes it back. */
void log_release_uart(void);
void log_panic_mode(void);

/* printf subset: %s %c %d %u %x %lx %lu %ld %llx %llu %p %%, width and zero padding. */
void log_vprintf(enum log_level level, const char *format, va_list *args);
void log_printf(enum log_level level, const char *format, ...) __printf(2, 3);

/* The RM's lines, which begin with "rm: ". */
void log_rm_write(const char *text, size_t bytes);

/*
 * Copies log bytes from *cursor on, at most bytes; returns the count and moves *cursor, which
 * jumps to the oldest byte still there when it has been overwritten.
 */
size_t log_read(u64 *cursor, char *buf, size_t bytes);

#define log_error(...) log_printf(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_printf(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_DEBUG, __VA_ARGS__)

/* A broken invariant: dumps the machine's state readably and stops it. Never caused by a VM. */
void panic(const char *format, ...) __printf(1, 2) __noreturn;

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond)) {                                                              \
			panic("%s:%d: %s", __FILE__, __LINE__, #cond);                             \
		}                                                                                  \
	} while (0)

#endif
