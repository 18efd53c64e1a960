/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hyp/el2/ich.h for the build machine: the ICH_* registers of the core that the test is on, in
 * memory. What a guest does to them is in tests/unit/vgic/cpuif.c.
 */
#ifndef EL2_ICH_H
#define EL2_ICH_H

#include <core/types.h>
#include <el2/ich_bits.h>

struct fake_ich {
	u64 vtr;
	u64 hcr;
	u64 vmcr;
	u64 lr[16];
	u32 apr[2][4];
	bool vtimer; /* the virtual timer asserts its output */
};

/* Those of the core that the test is on. */
struct fake_ich *fake_ich(void);

static inline u64 ich_read_lr(u32 n)
{
	return fake_ich()->lr[n];
}

static inline void ich_write_lr(u32 n, u64 value)
{
	fake_ich()->lr[n] = value;
}

static inline u64 ich_read_vtr(void)
{
	return fake_ich()->vtr;
}

static inline u64 ich_read_hcr(void)
{
	return fake_ich()->hcr;
}

static inline void ich_write_hcr(u64 value)
{
	fake_ich()->hcr = value;
}

static inline u64 ich_read_vmcr(void)
{
	return fake_ich()->vmcr;
}

static inline void ich_write_vmcr(u64 value)
{
	fake_ich()->vmcr = value;
}

static inline u32 ich_read_apr(u32 group, u32 n)
{
	return fake_ich()->apr[group][n];
}

static inline void ich_write_apr(u32 group, u32 n, u32 value)
{
	fake_ich()->apr[group][n] = value;
}

static inline u32 ich_nr_lrs(void)
{
	return ICH_VTR_NR_LRS(ich_read_vtr());
}

static inline u32 ich_nr_aprs(void)
{
	return 1;
}

static inline void ich_fix_sre(void)
{
}

static inline bool ich_vtimer_asserted(void)
{
	return fake_ich()->vtimer;
}

#endif
