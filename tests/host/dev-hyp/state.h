/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>

#include <uapi/hyp.h>

/*
 * What must be the same before and after guests came and went: to the page, the ledger and what is
 * pinned in Linux. Free memory moves a little by itself (slabs), so it is asked for after the
 * kernel has dropped what it can drop, and may differ by a megabyte.
 */
struct state {
	long free_kib;
	long pinned; /* pages */
	unsigned int nr_rows;
	struct hyp_ledger_row rows[64];
};

void state_take(struct state *state);
/* What is not the same, or NULL. */
const char *state_differs(const struct state *before, const struct state *after);
/* Prints a line PASS or FAIL, and what differs; ok: nothing else went wrong. An exit status. */
int state_report(const char *test, bool ok, const struct state *before, const struct state *after);

#endif
