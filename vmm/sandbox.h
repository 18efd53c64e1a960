/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sandbox.h: what the process may still do once it runs code that a guest feeds.
 *
 * Files, sockets and the hypervisor's device are opened before. Then the process gives up every
 * capability (root may stay root: it owns its files, and nothing more) and the way to get one back,
 * and a system call that is not on the list ends the process with SIGSYS and a line that names the
 * call. Nothing can be executed, no socket made, nothing opened (EACCES), no process but this one
 * be signalled.
 *
 * One list for all threads: they share their memory, so who has one of them has what the others may
 * do, and Linux runs every filter of a thread for each KVM_RUN.
 */
#ifndef VMM_SANDBOX_H
#define VMM_SANDBOX_H

/* From the main thread, before there are others. 0 or a negative errno, logged. */
int sandbox_enter(void);

#endif
