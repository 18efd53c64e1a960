/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hyp/el2/sysreg.h for the build machine: the same fields and encodings, but registers are
 * members of a structure of the core that the test is on, and WFI and AT are functions of el2.c.
 */
#include_next <el2/sysreg.h>

#ifndef TESTS_FAKE_SYSREG_H
#define TESTS_FAKE_SYSREG_H

#include <core/vcpu.h>

#define FAKE_EL2_REGS(X)                                                                           \
	X(tpidr_el2)                                                                               \
	X(isr_el1)                                                                                 \
	X(esr_el2)                                                                                 \
	X(far_el2)                                                                                 \
	X(hpfar_el2)                                                                               \
	X(midr_el1)                                                                                \
	X(revidr_el1)                                                                              \
	X(id_aa64pfr0_el1)                                                                         \
	X(id_aa64pfr1_el1)                                                                         \
	X(id_aa64dfr0_el1)                                                                         \
	X(id_aa64isar0_el1)                                                                        \
	X(id_aa64isar1_el1)                                                                        \
	X(id_aa64mmfr0_el1)                                                                        \
	X(id_aa64mmfr1_el1)                                                                        \
	X(id_aa64mmfr2_el1)                                                                        \
	X(cntpct_el0)                                                                              \
	X(cntfrq_el0)                                                                              \
	X(cntv_ctl_el0)                                                                            \
	X(cntv_cval_el0)                                                                           \
	X(cntvoff_el2)                                                                             \
	X(cnthp_ctl_el2)                                                                           \
	X(cnthp_cval_el2)                                                                          \
	X(cnthctl_el2)                                                                             \
	X(cptr_el2)                                                                                \
	X(hcr_el2)                                                                                 \
	X(hstr_el2)                                                                                \
	X(mdcr_el2)                                                                                \
	X(vbar_el2)                                                                                \
	X(vmpidr_el2)                                                                              \
	X(vpidr_el2)                                                                               \
	X(vtcr_el2)                                                                                \
	X(vttbr_el2)

#define FAKE_REG(name) u64 name;
struct fake_regs {
	VCPU_SYSREGS(FAKE_REG)
	FAKE_EL2_REGS(FAKE_REG)
};
#undef FAKE_REG

/* Those of the core that the test is on. */
struct fake_regs *fake_regs(void);
void fake_wfi(void);
void fake_at_s1e1r(u64 va);

#undef read_sysreg
#undef write_sysreg
#undef isb
#undef dsb
#undef dmb
#undef wfi
#undef at_s1e1r
#define read_sysreg(reg)         (fake_regs()->reg)
#define write_sysreg(value, reg) ((void)(fake_regs()->reg = (u64)(value)))
#define isb()                    ((void)0)
#define dsb(domain)              ((void)0)
#define dmb(domain)              ((void)0)
#define wfi()                    fake_wfi()
#define at_s1e1r(va)             fake_at_s1e1r(va)

#endif
