/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * log.h: what the VMM says about itself, on stderr.
 *
 * A guest can never cause a line at error level: what a guest does wrong is `debug`, and is
 * limited. Any thread.
 */
#ifndef VMM_LOG_H
#define VMM_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE
};

/* Names in the order of the enum, ended by NULL (for option tables). */
extern const char *const log_level_names[];

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_trace(...) log_write(LOG_LEVEL_TRACE, __VA_ARGS__)

#endif
