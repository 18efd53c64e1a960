/* SPDX-License-Identifier: BSD-3-Clause */
/* The generic timer's registers, as sched/timer.c uses them. tests/fake/ has its own. */
#ifndef EL2_TIMERARCH_H
#define EL2_TIMERARCH_H

#include <el2/sysreg.h>

static inline u64 timerarch_count(void)
{
	isb(); /* not before what came before (D11.2.1) */
	return read_sysreg(cntpct_el0);
}

static inline u64 timerarch_frequency(void)
{
	return read_sysreg(cntfrq_el0);
}

static inline void timerarch_virt_read(u64 *ctl, u64 *cval)
{
	*ctl = read_sysreg(cntv_ctl_el0);
	*cval = read_sysreg(cntv_cval_el0);
}

/* Reads the virtual timer's registers and silences it. */
static inline void timerarch_virt_save(u64 *ctl, u64 *cval)
{
	timerarch_virt_read(ctl, cval);
	write_sysreg(0, cntv_ctl_el0);
	isb();
}

static inline void timerarch_virt_load(u64 ctl, u64 cval, u64 offset)
{
	write_sysreg(offset, cntvoff_el2);
	write_sysreg(cval, cntv_cval_el0);
	isb();
	write_sysreg(ctl, cntv_ctl_el0);
}

/* deadline in CNTPCT; ~0: off. */
static inline void timerarch_hyp_set(u64 deadline)
{
	write_sysreg(deadline, cnthp_cval_el2);
	write_sysreg(deadline == ~0ull ? 0 : CNT_CTL_ENABLE, cnthp_ctl_el2);
}

#endif
