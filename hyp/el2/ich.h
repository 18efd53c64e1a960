/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hypervisor's control of the virtual CPU interface: the ICH_* system registers (Arm IHI
 * 0069H, 12.4). tests/fake/el2/ich.h has the same functions over a model.
 *
 * This core's registers; the caller has interrupts masked. Writes take effect for the guest at
 * the latest with the ERET that enters it.
 */
#ifndef EL2_ICH_H
#define EL2_ICH_H

#include <core/log.h>
#include <el2/ich_bits.h>
#include <el2/sysreg.h>

#define ICH_LRS(X)                                                                                 \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

/* The first ones are tried first: most vCPUs never need another. */
static inline u64 ich_read_lr(u32 n)
{
	if (likely(n == 0)) {
		return read_sysreg(ich_lr0_el2);
	}
	if (likely(n == 1)) {
		return read_sysreg(ich_lr1_el2);
	}
	switch (n) {
#define ICH_LR_READ(i)                                                                             \
	case i:                                                                                    \
		return read_sysreg(ich_lr##i##_el2);
		ICH_LRS(ICH_LR_READ)
#undef ICH_LR_READ
	default:
		return 0;
	}
}

static inline void ich_write_lr(u32 n, u64 value)
{
	if (likely(n == 0)) {
		write_sysreg(value, ich_lr0_el2);
		return;
	}
	if (likely(n == 1)) {
		write_sysreg(value, ich_lr1_el2);
		return;
	}
	switch (n) {
#define ICH_LR_WRITE(i)                                                                            \
	case i:                                                                                    \
		write_sysreg(value, ich_lr##i##_el2);                                              \
		break;
		ICH_LRS(ICH_LR_WRITE)
#undef ICH_LR_WRITE
	default:
		break;
	}
}

static inline u64 ich_read_vtr(void)
{
	return read_sysreg(ich_vtr_el2);
}

static inline u64 ich_read_hcr(void)
{
	return read_sysreg(ich_hcr_el2);
}

static inline void ich_write_hcr(u64 value)
{
	write_sysreg(value, ich_hcr_el2);
}

static inline u64 ich_read_vmcr(void)
{
	return read_sysreg(ich_vmcr_el2);
}

static inline void ich_write_vmcr(u64 value)
{
	write_sysreg(value, ich_vmcr_el2);
}

/* Active priorities, group 0 or 1; register n exists if n < ich_nr_aprs(). */
static inline u32 ich_read_apr(u32 group, u32 n)
{
	switch (group << 2 | n) {
	case 0:
		return (u32)read_sysreg(ich_ap0r0_el2);
	case 1:
		return (u32)read_sysreg(ich_ap0r1_el2);
	case 2:
		return (u32)read_sysreg(ich_ap0r2_el2);
	case 3:
		return (u32)read_sysreg(ich_ap0r3_el2);
	case 4:
		return (u32)read_sysreg(ich_ap1r0_el2);
	case 5:
		return (u32)read_sysreg(ich_ap1r1_el2);
	case 6:
		return (u32)read_sysreg(ich_ap1r2_el2);
	default:
		return (u32)read_sysreg(ich_ap1r3_el2);
	}
}

static inline void ich_write_apr(u32 group, u32 n, u32 value)
{
	switch (group << 2 | n) {
	case 0:
		write_sysreg(value, ich_ap0r0_el2);
		break;
	case 1:
		write_sysreg(value, ich_ap0r1_el2);
		break;
	case 2:
		write_sysreg(value, ich_ap0r2_el2);
		break;
	case 3:
		write_sysreg(value, ich_ap0r3_el2);
		break;
	case 4:
		write_sysreg(value, ich_ap1r0_el2);
		break;
	case 5:
		write_sysreg(value, ich_ap1r1_el2);
		break;
	case 6:
		write_sysreg(value, ich_ap1r2_el2);
		break;
	default:
		write_sysreg(value, ich_ap1r3_el2);
		break;
	}
}

static inline u32 ich_nr_lrs(void)
{
	return ICH_VTR_NR_LRS(ich_read_vtr());
}

/* Active-priority registers a group: one for every 32 preemption levels. */
static inline u32 ich_nr_aprs(void)
{
	u32 prebits = ICH_VTR_PREBITS(ich_read_vtr());

	return prebits <= 5 ? 1 : prebits == 6 ? 2 : 4;
}

/* Holds a guest's ICC_SRE_EL1 at "system registers, no bypass", whatever it or another wrote. */
static inline void ich_fix_sre(void)
{
	write_sysreg(7, icc_sre_el1);
}

/* Whether the loaded vCPU's virtual timer asserts its output (Arm ARM D11.2.4). */
static inline bool ich_vtimer_asserted(void)
{
	u64 ctl = read_sysreg(cntv_ctl_el0);

	return (ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS)) ==
	       (CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
}

/* A core's registers out of reset hold anything. */
static inline void ich_reset(void)
{
	ich_write_hcr(0);
	ich_write_vmcr(0);
	for (u32 n = 0; n < ich_nr_lrs(); n++) {
		ich_write_lr(n, 0);
	}
	for (u32 n = 0; n < ich_nr_aprs(); n++) {
		ich_write_apr(0, n, 0);
		ich_write_apr(1, n, 0);
	}
}

#endif
