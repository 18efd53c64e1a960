/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * commands.h: what can be asked of a running VM; apart from sockets, so that it can be tested and
 * fuzzed.
 */
#ifndef VMM_CONTROL_COMMANDS_H
#define VMM_CONTROL_COMMANDS_H

#include "control/control.h"

/*
 * Executes one request line and returns the reply line (malloc'ed, ends with a line feed), or NULL
 * without memory.
 * @wants_console is set when the request was an accepted `console`.
 */
char *control_execute(const struct control_target *target, const char *line, bool *wants_console);

#endif
