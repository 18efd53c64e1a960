/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suggest.h: the nearest match to a name that does not exist ("did you mean ...?").
 */
#ifndef VMM_OPTIONS_SUGGEST_H
#define VMM_OPTIONS_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *word;
	size_t length; /* of word, which need not be terminated */
	const char *best;
	size_t distance;
};

/* Starts a search for @word (@length bytes). */
void suggest_init(struct suggest *suggest, const char *word, size_t length);
/* Offers one existing name; it must outlive @suggest. */
void suggest_offer(struct suggest *suggest, const char *name);
/* The nearest name offered, or NULL when none is near enough to be a likely slip. */
const char *suggest_best(const struct suggest *suggest);

#endif
