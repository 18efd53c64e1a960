/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * log.h: lines of the RM in the hypervisor's log.
 */
#ifndef RM_LOG_H
#define RM_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped; from hyp.conf. */
extern enum log_level log_level;

/* One line; the newline is added. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name of a HYP_E_* ("NOMEM"), or "OK". */
const char *log_error(long error);

#endif
