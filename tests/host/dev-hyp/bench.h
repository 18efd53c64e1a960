/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_H
#define BENCH_H

/*
 * Prints `name nanoseconds` for each cost of the device's guests. Under QEMU's -icount shift=0 a
 * nanosecond is an instruction. Returns an exit status.
 */
int bench_main(void);

#endif
