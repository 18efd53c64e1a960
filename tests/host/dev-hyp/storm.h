/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STORM_H
#define STORM_H

/*
 * For so many seconds, one VM after the other whose process makes all kinds of ioctls on it from
 * many threads at once, and at a random moment ends or is killed. No call may fail with what tells
 * of an inconsistency, and in the end memory and ledger are where they were. Returns an exit
 * status; prints a PASS or FAIL line.
 */
int storm_main(unsigned int seconds, unsigned int seed);

#endif
