// SPDX-License-Identifier: BSD-3-Clause
/*
 * idregs.c - values of the identification registers (Arm ARM D17.2).
 *
 * An allow-list: a field is nonzero only when the feature is there and tested. What matters to
 * guests most: LSE is there (the kernel and glibc then avoid exclusives), CSV2 and CSV3 say no
 * speculation mitigations are needed, E0PD keeps KASLR from forcing page table isolation, IDC
 * says data caches need no cleaning for instruction fetch. DIC is 0: IC IVAU is how other CPUs'
 * translations learn of new code.
 */
#include "idregs.h"
#include "vm.h"

#define FIELD(shift, value) ((uint64_t)(value) << (shift))

enum {
	CRM_PFR = 4,
	CRM_DFR = 5,
	CRM_ISAR = 6,
	CRM_MMFR = 7,
};

static const uint64_t idregs_pfr0 =
	FIELD(0, 1) |  /* EL0: AArch64 only */
	FIELD(4, 1) |  /* EL1: AArch64 only */
	FIELD(56, 3) | /* CSV2_3: with SCXTNUM, branch history is private */
	FIELD(60, 1);  /* CSV3 */
static const uint64_t idregs_pfr0_gic = FIELD(24, 1); /* system registers of a GICv3 */

static const uint64_t idregs_dfr0 = FIELD(0, 6) |                       /* Armv8 debug */
				    FIELD(8, 1) |                       /* PMUv3 */
				    FIELD(12, CPU_NR_BREAKPOINTS - 1) | /* BRPs */
				    FIELD(20, CPU_NR_WATCHPOINTS - 1) | /* WRPs */
				    FIELD(28, 0);                       /* CTX_CMPs: one */

static const uint64_t idregs_isar0 = FIELD(4, 2) |  /* AES, PMULL */
				     FIELD(8, 1) |  /* SHA1 */
				     FIELD(12, 1) | /* SHA256 */
				     FIELD(16, 1) | /* CRC32 */
				     FIELD(20, 2) | /* LSE */
				     FIELD(28, 1) | /* RDM */
				     FIELD(44, 1);  /* DotProd */

static const uint64_t idregs_isar1 = FIELD(0, 1) | /* DPB: DC CVAP */
				     FIELD(20, 1); /* LRCPC */

static const uint64_t idregs_mmfr0 = FIELD(0, 4) |  /* 44-bit physical addresses: VM_PA_BITS */
				     FIELD(4, 2) |  /* 16-bit ASIDs */
				     FIELD(20, 1) | /* 16 KiB granule */
				     FIELD(24, 0) | /* 64 KiB granule */
				     FIELD(28, 0);  /* 4 KiB granule */

static const uint64_t idregs_mmfr1 = FIELD(12, 1) | /* HPDS */
				     FIELD(20, 2);  /* PAN, AT S1E1RP and WP */

static const uint64_t idregs_mmfr2 = FIELD(0, 1) | /* CnP */
				     FIELD(4, 1) | /* UAO */
				     FIELD(60, 1); /* E0PD */

uint64_t idregs_read_feature(const struct jit_vm *vm, unsigned int crm, unsigned int op2)
{
	switch (crm << 4 | op2) {
	case CRM_PFR << 4 | 0:
		return idregs_pfr0 | (vm->gicv2 ? 0 : idregs_pfr0_gic);
	case CRM_DFR << 4 | 0:
		return idregs_dfr0;
	case CRM_ISAR << 4 | 0:
		return idregs_isar0;
	case CRM_ISAR << 4 | 1:
		return idregs_isar1;
	case CRM_MMFR << 4 | 0:
		return idregs_mmfr0;
	case CRM_MMFR << 4 | 1:
		return idregs_mmfr1;
	case CRM_MMFR << 4 | 2:
		return idregs_mmfr2;
	default:
		return 0;
	}
}

/* Implementer 0 is reserved for software; no kernel has errata for it. */
uint64_t idregs_midr(void)
{
	return FIELD(20, 0) | FIELD(16, 0xf) | FIELD(4, 0x4a1) | FIELD(0, 0);
}

uint64_t idregs_ctr(void)
{
	return FIELD(0, 4) |  /* IminLine: 64 bytes */
	       FIELD(14, 3) | /* L1Ip: PIPT */
	       FIELD(16, 4) | /* DminLine: 64 bytes */
	       FIELD(20, 4) | /* ERG */
	       FIELD(24, 4) | /* CWG */
	       FIELD(28, 1) | /* IDC */
	       FIELD(31, 1);
}

uint64_t idregs_clidr(void)
{
	return FIELD(0, 3) | /* level 1: separate caches */
	       FIELD(3, 4) | /* level 2: unified */
	       FIELD(24, 2); /* LoC */
}

static uint64_t idregs_cache(unsigned int ways, unsigned int sets)
{
	return FIELD(0, 2) | FIELD(3, ways - 1) | FIELD(13, sets - 1);
}

uint64_t idregs_ccsidr(uint64_t csselr)
{
	switch (csselr & 0xf) {
	case 0: /* L1 data: 32 KiB */
	case 1: /* L1 instruction */
		return idregs_cache(4, 128);
	case 2: /* L2: 1 MiB */
		return idregs_cache(16, 1024);
	default:
		return 0;
	}
}
