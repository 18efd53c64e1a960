// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's names of registers (KVM_REG_ARM_*, Documentation/virt/kvm/api.rst 4.68) and the
 * hypervisor's (HYP_REG_*).
 *
 * Core registers are named by their offset in struct kvm_regs, in 32-bit units. System registers
 * carry the same 16 bits of encoding on both sides, except that KVM swapped CNTV_CVAL and CNTVCT
 * by mistake and has kept it so.
 */
#include <hyp/calls.h>
#include "regid.h"

#define REGID_U64  (KVM_REG_ARM64 | KVM_REG_SIZE_U64)
#define REGID_CORE (KVM_REG_ARM64 | KVM_REG_ARM_CORE)

/* Index of a core register as KVM counts. */
#define CORE(field)	   (offsetof(struct kvm_regs, field) / sizeof(u32))
#define CORE_WORDS	   (sizeof(struct kvm_regs) / sizeof(u32))
#define CORE_ID(size, idx) (REGID_CORE | KVM_REG_SIZE_##size | (idx))
#define SYS_MASK	   0xffffULL

static const struct {
	u32 index;
	u32 nr;
} regid_core[] = {
	{CORE(regs.sp), HYP_REG_SP_EL0},	  {CORE(regs.pc), HYP_REG_PC},
	{CORE(regs.pstate), HYP_REG_PSTATE},	  {CORE(sp_el1), HYP_REG_SP_EL1},
	{CORE(elr_el1), HYP_REG_ELR_EL1},	  {CORE(spsr[0]), HYP_REG_SPSR_EL1},
	{CORE(fp_regs.fpsr), HYP_REG_FPSR},	  {CORE(fp_regs.fpcr), HYP_REG_FPCR},
};

/* System registers that the list may name; those the hypervisor hides drop out. */
#define SYS(op0, op1, crn, crm, op2) (HYP_REG_SYS(op0, op1, crn, crm, op2) & SYS_MASK)
static const u16 regid_sys[] = {
	SYS(2, 0, 0, 2, 2),  /* MDSCR_EL1 */
	SYS(3, 0, 0, 0, 0),  /* MIDR_EL1 */
	SYS(3, 0, 0, 0, 5),  /* MPIDR_EL1 */
	SYS(3, 0, 0, 0, 6),  /* REVIDR_EL1 */
	SYS(3, 0, 1, 0, 0),  /* SCTLR_EL1 */
	SYS(3, 0, 1, 0, 1),  /* ACTLR_EL1 */
	SYS(3, 0, 1, 0, 2),  /* CPACR_EL1 */
	SYS(3, 0, 2, 0, 0),  /* TTBR0_EL1 */
	SYS(3, 0, 2, 0, 1),  /* TTBR1_EL1 */
	SYS(3, 0, 2, 0, 2),  /* TCR_EL1 */
	SYS(3, 0, 5, 1, 0),  /* AFSR0_EL1 */
	SYS(3, 0, 5, 1, 1),  /* AFSR1_EL1 */
	SYS(3, 0, 5, 2, 0),  /* ESR_EL1 */
	SYS(3, 0, 6, 0, 0),  /* FAR_EL1 */
	SYS(3, 0, 7, 4, 0),  /* PAR_EL1 */
	SYS(3, 0, 10, 2, 0), /* MAIR_EL1 */
	SYS(3, 0, 10, 3, 0), /* AMAIR_EL1 */
	SYS(3, 0, 12, 0, 0), /* VBAR_EL1 */
	SYS(3, 0, 13, 0, 1), /* CONTEXTIDR_EL1 */
	SYS(3, 0, 13, 0, 4), /* TPIDR_EL1 */
	SYS(3, 0, 14, 1, 0), /* CNTKCTL_EL1 */
	SYS(3, 1, 0, 0, 1),  /* CLIDR_EL1 */
	SYS(3, 2, 0, 0, 0),  /* CSSELR_EL1 */
	SYS(3, 3, 0, 0, 1),  /* CTR_EL0 */
	SYS(3, 3, 13, 0, 2), /* TPIDR_EL0 */
	SYS(3, 3, 13, 0, 3), /* TPIDRRO_EL0 */
	SYS(3, 3, 14, 2, 1), /* CNTP_CTL_EL0 */
	SYS(3, 3, 14, 2, 2), /* CNTP_CVAL_EL0 */
};

static const u64 regid_timer[] = {
	KVM_REG_ARM_TIMER_CTL,
	KVM_REG_ARM_TIMER_CNT,
	KVM_REG_ARM_TIMER_CVAL,
};

static u32 regid_bytes(u64 id)
{
	return 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

/* Bytes of the core register at an index, and what it is. */
static int regid_parse_core(u32 index, struct regid *reg)
{
	u32 i;

	if (index >= CORE_WORDS) {
		return -ENOENT;
	}
	if (index < CORE(regs.sp) && index % 2 == 0) {
		*reg = (struct regid){REGID_REG, HYP_REG_X(index / 2), 8};
		return 0;
	}
	if (index >= CORE(fp_regs.vregs[0]) && index < CORE(fp_regs.fpsr)) {
		index -= CORE(fp_regs.vregs[0]);
		if (index % 4) {
			return -ENOENT;
		}
		*reg = (struct regid){REGID_FP, index / 4, 16};
		return 0;
	}
	if (index > CORE(spsr[0]) && index < CORE(spsr[0]) + 2 * KVM_NR_SPSR && index % 2 == 0) {
		*reg = (struct regid){REGID_SHADOW, (u32)(index - CORE(spsr[0])) / 2, 8};
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(regid_core); i++) {
		if (regid_core[i].index == index) {
			bool word = index >= CORE(fp_regs.fpsr);

			*reg = (struct regid){word ? REGID_REG32 : REGID_REG, regid_core[i].nr,
					      word ? 4 : 8};
			return 0;
		}
	}
	return -ENOENT;
}

static void regid_parse_sysreg(u64 id, struct regid *reg)
{
	*reg = (struct regid){REGID_REG, 0x10000u | (u32)(id & SYS_MASK), 8};
	switch (id) {
	case KVM_REG_ARM_TIMER_CTL:
		reg->nr = HYP_REG_CNTV_CTL;
		break;
	case KVM_REG_ARM_TIMER_CVAL:
		reg->nr = HYP_REG_CNTV_CVAL;
		break;
	case KVM_REG_ARM_TIMER_CNT:
		reg->nr = HYP_REG_CNTVCT;
		break;
	}
}

int regid_parse(u64 id, struct regid *reg)
{
	u64 rest = id & ~(u64)(KVM_REG_ARCH_MASK | KVM_REG_SIZE_MASK | KVM_REG_ARM_COPROC_MASK);
	int rc;

	if ((id & ~(u64)KVM_REG_SIZE_MASK) >> 32 != KVM_REG_ARM64 >> 32) {
		return -EINVAL;
	}
	switch (id & KVM_REG_ARM_COPROC_MASK) {
	case KVM_REG_ARM_CORE:
		rc = rest > CORE_WORDS ? -ENOENT : regid_parse_core((u32)rest, reg);
		break;
	case KVM_REG_ARM64_SYSREG:
		rc = rest > SYS_MASK ? -ENOENT : 0;
		regid_parse_sysreg(id, reg);
		break;
	case KVM_REG_ARM_FW:
		rc = rest ? -ENOENT : 0;
		*reg = (struct regid){REGID_PSCI, 0, 8};
		break;
	default:
		rc = -ENOENT;
	}
	if (!rc && regid_bytes(id) != reg->bytes) {
		rc = -EINVAL;
	}
	return rc;
}

bool regid_is_sysreg(u64 id)
{
	return (id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SYSREG;
}

/* DBGBVR<n>_EL1, DBGBCR, DBGWVR, DBGWCR: op2 4 to 7, n is CRm; the hypervisor knows how many there are. */
#define REGID_NR_DEBUG (16u * 4u)

/* ID registers: op0 3, op1 0, CRn 0, CRm 1 to 7. */
#define REGID_NR_FEATURE (7u * 8u)

static u64 regid_list_sysreg(u32 index)
{
	if (index < ARRAY_SIZE(regid_timer)) {
		return regid_timer[index];
	}
	index -= ARRAY_SIZE(regid_timer);
	if (index < ARRAY_SIZE(regid_sys)) {
		return REGID_U64 | KVM_REG_ARM64_SYSREG | regid_sys[index];
	}
	index -= ARRAY_SIZE(regid_sys);
	if (index < REGID_NR_DEBUG) {
		return REGID_U64 | KVM_REG_ARM64_SYSREG | SYS(2, 0, 0, index / 4, 4 + index % 4);
	}
	index -= REGID_NR_DEBUG;
	if (index < REGID_NR_FEATURE) {
		return REGID_U64 | KVM_REG_ARM64_SYSREG | SYS(3, 0, 0, 1 + index / 8, index % 8);
	}
	return 0;
}

u64 regid_list(u32 index)
{
	if (index < 31) {
		return CORE_ID(U64, 2 * index);
	}
	index -= 31;
	if (index < ARRAY_SIZE(regid_core)) {
		u32 core = regid_core[index].index;

		return core >= CORE(fp_regs.fpsr) ? CORE_ID(U32, core) : CORE_ID(U64, core);
	}
	index -= ARRAY_SIZE(regid_core);
	if (index < KVM_NR_SPSR - 1) {
		return CORE_ID(U64, CORE(spsr[0]) + 2 * (index + 1));
	}
	index -= KVM_NR_SPSR - 1;
	if (index < 32) {
		return CORE_ID(U128, CORE(fp_regs.vregs[0]) + 4 * index);
	}
	index -= 32;
	if (index == 0) {
		return KVM_REG_ARM_PSCI_VERSION;
	}
	return regid_list_sysreg(index - 1);
}
