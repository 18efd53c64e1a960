/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause */
/*
 * What /dev/hyp adds to KVM's ioctls (<linux/kvm.h>).
 *
 * Numbers start at 0xf0, which KVM (up to 6.18) does not use; capabilities are asked for with
 * KVM_CHECK_EXTENSION like KVM's own.
 */
#ifndef _UAPI_HYP_H
#define _UAPI_HYP_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* KVM_CREATE_VM type: bits 7:0 are KVM's IPA size; this bit asks for a protected VM. */
#define HYP_VM_TYPE_PROTECTED (1UL << 31)

/* Capabilities. */
#define HYP_CAP_HYP       0x48595000 /* the hypervisor's call ABI version; 0 on real KVM */
#define HYP_CAP_PROTECTED 0x48595001
#define HYP_CAP_MEMORY    0x48595002

/* System ioctl: the hypervisor's log, read like dmesg. */
struct hyp_log {
	__u64 cursor; /* in: where to go on (0 = oldest); out: where the next read goes on */
	__u64 buf;    /* user pointer */
	__u64 len;    /* in: size of buf; out: bytes read */
};
#define HYP_LOG_READ _IOWR(0xAE, 0xf0, struct hyp_log)

/* System ioctl: a number about the system (enum hyp_info of <hyp/calls.h>). */
struct hyp_sys_info {
	__u64 what;
	__u64 value;
};
#define HYP_SYS_INFO _IOWR(0xAE, 0xf1, struct hyp_sys_info)

/* System ioctl: RM's ledger, one row a VM; index counts from 0 until ENOENT. */
struct hyp_ledger_row {
	__u32 index; /* in */
	__u32 vm_id;
	__u64 pool_pages;
	__u64 pool_free;
	__u64 mem_pages;
	__u32 vcpus;
	__u32 irqs;
	char name[32];
};
#define HYP_LEDGER _IOWR(0xAE, 0xf2, struct hyp_ledger_row)

/* System ioctls: trace records of one core (<hyp/trace.h>), EINVAL: there is no such core; and
 * whether they are written, argument 0 or 1. */
struct hyp_trace_read {
	__u64 cpu;
	__u64 cursor;
	__u64 buf;
	__u64 len;
};
#define HYP_TRACE_READ _IOWR(0xAE, 0xf3, struct hyp_trace_read)
#define HYP_TRACE_SET  _IO(0xAE, 0xf6)

/* System ioctl: the last 16 KiB that a VM wrote with CONSOLE_WRITE (<hyp/calls.h>). */
struct hyp_console {
	__u32 vm_id;  /* as in the ledger; EINVAL: there is none */
	__u32 pad;    /* 0 */
	__u64 cursor; /* these as in struct hyp_log */
	__u64 buf;
	__u64 len;
};
#define HYP_CONSOLE_READ _IOWR(0xAE, 0xf4, struct hyp_console)

/*
 * System ioctl: a file of memory for guests; returns its descriptor. Zeros, to be mapped MAP_SHARED
 * and given to slots. Cheaper on first touch than anonymous memory: huge pages, cleared once. The
 * only memory that a protected VM takes.
 */
struct hyp_memory {
	__u64 size;  /* bytes, a multiple of the page size */
	__u64 flags; /* 0 */
};
#define HYP_CREATE_MEMORY _IOW(0xAE, 0xf5, struct hyp_memory)

#endif
