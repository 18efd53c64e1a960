/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exit_code.h: the exit status of `vmm run`, which scripts rely on (docs/vmm.md).
 */
#ifndef VMM_EXIT_CODE_H
#define VMM_EXIT_CODE_H

enum vmm_exit {
	VMM_EXIT_OFF = 0,        /* the guest powered off, or the user stopped it */
	VMM_EXIT_RESET = 32,     /* the guest asked for a reset and --no-reboot was given */
	VMM_EXIT_FAULT = 33,     /* the VMM or its accelerator failed */
	VMM_EXIT_PANIC = 34,     /* the guest reported a panic */
	VMM_EXIT_ARGUMENTS = 35, /* options or the files they name make no VM */
};

#endif
