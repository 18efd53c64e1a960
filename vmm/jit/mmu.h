/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmu.h - the stage-1 EL1&0 translation table walk (Arm ARM D8), without any caching.
 *
 * Pure: reads registers of the CPU and guest memory, changes nothing. mem.c caches what it finds in
 * the software TLB; AT instructions call it directly.
 */
#ifndef VMM_JIT_MMU_H
#define VMM_JIT_MMU_H

#include "cpu.h"

enum mmu_access {
	MMU_READ,
	MMU_WRITE,
	MMU_EXEC,
};

/* Fault status codes, IFSC and DFSC of ESR_EL1; add the level (0 to 3) where it says "level". */
enum mmu_fault {
	MMU_OK = -1,
	MMU_FAULT_ADDRESS_SIZE = 0x00, /* level */
	MMU_FAULT_TRANSLATION = 0x04,  /* level */
	MMU_FAULT_ACCESS_FLAG = 0x08,  /* level */
	MMU_FAULT_PERMISSION = 0x0c,   /* level */
	MMU_FAULT_EXTERNAL = 0x10,
	MMU_FAULT_EXTERNAL_WALK = 0x14, /* level */
	MMU_FAULT_ALIGNMENT = 0x21,
	MMU_FAULT_DEBUG = 0x22,
};

struct mmu_result {
	uint64_t pa;   /* of the byte asked for */
	uint64_t size; /* bytes of the block or page it lies in; aligned to it */
	uint8_t attr;  /* MAIR attribute byte */
	bool device;   /* any Device memory type */
	bool read;     /* what the asking exception level may do there */
	bool write;
	bool exec;
	bool global; /* not tied to the current ASID */
};

/*
 * Translates va for an access from exception level el, with PAN as given. Returns MMU_OK and fills
 * *result (permissions are those of every kind of access), or the fault status code of `access`,
 * level included.
 */
int mmu_translate(struct jit_cpu *cpu, uint64_t va, enum mmu_access access, unsigned int el,
		  bool pan, struct mmu_result *result);

/* va without its tag: bits 63:56 become copies of bit 55 where TBI is on. */
uint64_t mmu_strip_tag(const struct jit_cpu *cpu, uint64_t va);

/* The current ASID, from the TTBR that TCR.A1 selects. */
unsigned int mmu_asid(const struct jit_cpu *cpu);
/* The ASID in bits 63:48 of a TTBR's value or a TLBI's operand: of as many bits as TCR.AS says. */
unsigned int mmu_asid_of(const struct jit_cpu *cpu, uint64_t val);

#endif
