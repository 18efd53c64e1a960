/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ID registers, field by field (Arm ARM D19.2). Each row keeps some fields of the hardware's value
 * up to a limit; what has no row reads as zero. Limits are the highest version that was looked
 * at. Hidden on purpose: SVE and SME (state is not switched), pointer authentication (keys are
 * not switched), MTE, RAS, AMU, MPAM, PMU, SPE, trace (not handled), ECV and FGT (EL2's), AArch32.
 */
#include <core/idreg.h>
#include <el2/idarch.h>

struct field {
	u8 low;   /* lowest bit; all fields have four */
	u8 limit; /* highest value shown */
};

static const struct field pfr0[] = {
	{16, 1}, /* FP: half precision */
	{20, 1}, /* AdvSIMD */
	{24, 1}, /* GIC: system registers */
	{48, 1}, /* DIT */
	{56, 1}, /* CSV2: without SCXTNUM */
	{60, 1}, /* CSV3 */
};
static const struct field pfr1[] = {{0, 1} /* BTI */, {4, 2} /* SSBS */};
static const struct field isar0[] = {
	{4, 2},  {8, 1},  {12, 2}, {16, 1}, {20, 2}, {28, 1}, {32, 1}, /* AES .. SHA3 */
	{36, 1}, {40, 1}, {44, 1}, {48, 1}, {52, 2}, {56, 2}, {60, 1}, /* SM3 .. RNDR */
};
static const struct field isar1[] = {
	{0, 2},  {12, 1}, {16, 1}, {20, 3}, {32, 1}, /* DPB JSCVT FCMA LRCPC FRINTTS */
	{36, 1}, {40, 1}, {44, 1}, {48, 1}, {52, 1}, /* SB SPECRES BF16 DGH I8MM */
};
static const struct field mmfr0[] = {
	{0, 5}, {4, 2}, {8, 1}, {12, 1}, {16, 1}, /* PARange ASIDBits BigEnd SNSMem BigEndEL0 */
};
static const struct field mmfr1[] = {
	{0, 2}, {4, 2}, {12, 2}, {20, 3}, {28, 1}, /* HAFDBS VMIDBits HPDS PAN XNX */
};
static const struct field mmfr2[] = {
	{0, 1},  {4, 1},  {8, 1},  {16, 1}, /* CnP UAO LSM VARange */
	{28, 1}, {32, 1}, {36, 1}, {48, 1}, /* ST AT IDS TTL */
	{52, 2}, {60, 1},                   /* BBM E0PD */
};

#define KEEP(value, fields) keep((value), (fields), ARRAY_COUNT(fields))

static u64 keep(u64 value, const struct field *fields, size_t nr)
{
	u64 out = 0;

	for (size_t i = 0; i < nr; i++) {
		u64 have = (value >> fields[i].low) & 0xf;

		/* FP and AdvSIMD: 15 means absent (D19.2.86). */
		if ((fields == pfr0 && fields[i].low <= 20 && have == 0xf) ||
		    have <= fields[i].limit) {
			out |= have << fields[i].low;
		} else {
			out |= (u64)fields[i].limit << fields[i].low;
		}
	}
	return out;
}

/* TGran4 and TGran64: 0 is "there", 15 "not"; TGran16: 0 is "not". Stage-2 fields: absent. */
static u64 granules(u64 mmfr0_value)
{
	u64 g4 = FIELD(mmfr0_value, 31, 28) == 0xf ? 0xf : 0;
	u64 g64 = FIELD(mmfr0_value, 27, 24) == 0xf ? 0xf : 0;
	u64 g16 = FIELD(mmfr0_value, 23, 20) ? 1 : 0;

	return g4 << 28 | g64 << 24 | g16 << 20;
}

static const struct field dfr0[] = {
	{12, 15}, {20, 15}, {28, 15}, /* BRPs WRPs CTX_CMPs */
};
#define DFR0_DEBUGVER 6ull /* Armv8.0 */

u64 idreg_read(u32 crm, u32 op2)
{
	switch (crm << 3 | op2) {
	case 4 << 3 | 0:
		return KEEP(idarch_pfr0(), pfr0) | 1ull << 4 | 1ull | 1ull << 24;
	case 4 << 3 | 1:
		return KEEP(idarch_pfr1(), pfr1);
	case 5 << 3 | 0:
		return KEEP(idarch_dfr0(), dfr0) | DFR0_DEBUGVER;
	case 6 << 3 | 0:
		return KEEP(idarch_isar0(), isar0);
	case 6 << 3 | 1:
		return KEEP(idarch_isar1(), isar1);
	case 7 << 3 | 0:
		return KEEP(idarch_mmfr0(), mmfr0) | granules(idarch_mmfr0());
	case 7 << 3 | 1:
		return KEEP(idarch_mmfr1(), mmfr1);
	case 7 << 3 | 2:
		return KEEP(idarch_mmfr2(), mmfr2);
	default:
		return 0;
	}
}
