/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CHURN_H
#define CHURN_H

/*
 * Makes and ends nr guests, each in a process of its own, a third of them killed with SIGKILL at a
 * random moment; then checks that free memory (and, on /dev/hyp, the resource manager's ledger) is
 * where it began. Returns an exit status; prints a PASS or FAIL line.
 */
int churn_main(unsigned int nr, unsigned int seed);

#endif
