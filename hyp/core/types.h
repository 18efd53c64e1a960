/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The basic types of the hypervisor.
 *
 * Addresses are one-field structs, so that passing an IPA where a PA is meant does not compile;
 * they cost nothing at run time. Conversions between kinds are named functions that live where
 * the mapping they follow lives (stage2/, el2/mmu.h), never casts.
 */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

typedef struct {
	u64 pa;
} paddr_t; /* physical address */

typedef struct {
	u64 ipa;
} ipaddr_t; /* intermediate physical address, of some VM */

static inline paddr_t pa_init(u64 pa)
{
	return (paddr_t){pa};
}

static inline paddr_t pa_add(paddr_t pa, u64 bytes)
{
	return (paddr_t){pa.pa + bytes};
}

static inline ipaddr_t ipa_init(u64 ipa)
{
	return (ipaddr_t){ipa};
}

static inline ipaddr_t ipa_add(ipaddr_t ipa, u64 bytes)
{
	return (ipaddr_t){ipa.ipa + bytes};
}

#define PAGE_SHIFT  12
#define PAGE_BYTES  (1ul << PAGE_SHIFT)
#define BLOCK_SHIFT 21 /* a level-2 block */
#define BLOCK_BYTES (1ul << BLOCK_SHIFT)

#define ARRAY_COUNT(a)                  (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)                  (((x) + ((a)-1)) & ~((u64)(a)-1))
#define ALIGN_DOWN(x, a)                ((x) & ~((u64)(a)-1))
#define IS_ALIGNED(x, a)                (((x) & ((u64)(a)-1)) == 0)
#define BIT(n)                          ((u64)1 << (n))
#define MASK(hi, lo)                    ((~(u64)0 >> (63 - (hi))) & (~(u64)0 << (lo)))
#define FIELD(v, hi, lo)                (((u64)(v)&MASK(hi, lo)) >> (lo))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define __must_check   __attribute__((warn_unused_result))
#define __noreturn     __attribute__((noreturn))
#define __printf(f, a) __attribute__((format(printf, f, a)))
#define __aligned(n)   __attribute__((aligned(n)))
#define __section(s)   __attribute__((section(s)))
#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)

/* Limits, in one place. VM ids are also VMIDs (8 bits on every Armv8-A core). */
#define MAX_CPUS        64
#define MAX_VMS         255
#define MAX_HANDLES     512 /* of one VM: one page of its pool */
#define MAX_POOL_RANGES 32

typedef u8 vmid_t;
#define VMID_HYP     ((vmid_t)0)
#define VMID_RM      ((vmid_t)1)
#define INVALID_VMID ((vmid_t)255)

#endif
