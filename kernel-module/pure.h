/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the files of the module that hold logic and nothing of the kernel: they compile for the build
 * machine too, where tests/unit/module/ checks them with sanitizers. Such a file includes this
 * header, <linux/kvm.h> and <hyp/...>, and calls nothing outside itself.
 */
#ifndef PURE_H
#define PURE_H

#include <linux/kvm.h>
#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <uapi/linux/psci.h>
#include <asm/page.h>
#else
#include <linux/psci.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE_SHIFT    12
#define PAGE_SIZE     (1UL << PAGE_SHIFT)
#endif

#endif
