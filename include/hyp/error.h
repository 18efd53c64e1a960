/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Error numbers of the call interface and of the RM's messages.
 *
 * They are the project's own. They are translated to errno exactly twice: in the kernel module
 * and in the RM's port layer. HYP_E_NOSYS equals SMCCC's NOT_SUPPORTED, so that a caller on a
 * machine without the hypervisor reads the same answer as one who calls a function too new.
 */
#ifndef HYP_ERROR_H
#define HYP_ERROR_H

/*            name    value  meaning */
#define HYP_ERRORS(X)                                                                              \
	X(NOSYS, -1, "no such call")                                                               \
	X(INVAL, -2, "an argument is outside what the call takes")                                 \
	X(HANDLE, -3, "no object of that kind behind the handle")                                  \
	X(RIGHT, -4, "the handle lacks the right")                                                 \
	X(STATE, -5, "the object is in a state that does not allow this")                          \
	X(OWNER, -6, "a page is not the caller's, or already given away")                          \
	X(ADDR, -7, "an address lies outside the address space or is not mapped")                  \
	X(EXIST, -8, "it is there already")                                                        \
	X(NOMEM, -9, "the VM's pool has no page left; donate and call again")                      \
	X(BUSY, -10, "in use; call again when it is not")                                          \
	X(AGAIN, -11, "the queue is full (send) or empty (receive)")                               \
	X(LIMIT, -12, "a table or quota is full")                                                  \
	X(SIZE, -13, "too long for one call or one message")                                       \
	X(DENIED, -14, "policy forbids it")

#define HYP_ERROR_ENUM(name, value, text) HYP_E_##name = (value),
enum hyp_error { HYP_OK = 0, HYP_ERRORS(HYP_ERROR_ENUM) };
#undef HYP_ERROR_ENUM

#endif
