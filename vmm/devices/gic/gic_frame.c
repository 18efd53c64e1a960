// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic_frame.c - the registers that have a bit, two, or a byte for each interrupt: the same in
 * distributors and redistributors (IHI 0069 12.9, 12.11; IHI 0048B 4.3).
 */
#include "gic_internal.h"

#define GIC_IGROUPR    0x0080
#define GIC_ISENABLER  0x0100
#define GIC_ICENABLER  0x0180
#define GIC_ISPENDR    0x0200
#define GIC_ICPENDR    0x0280
#define GIC_ISACTIVER  0x0300
#define GIC_ICACTIVER  0x0380
#define GIC_IPRIORITYR 0x0400
#define GIC_ICFGR      0x0c00

static bool frame_has(const struct gic_frame *f, unsigned int intid)
{
	return intid >= f->first && intid < f->first + f->nr;
}

/* The bit-per-interrupt registers: 0x80 bytes each, a word for 32 interrupts. */
static uint32_t frame_read_bits(const struct gic_frame *f, unsigned int offset)
{
	const struct gic_bank *b = f->bank;
	unsigned int word = offset % 0x80 / 4;

	if (!frame_has(f, word * 32)) {
		return 0;
	}
	switch (offset & ~0x7fu) {
	case GIC_IGROUPR:
		return b->group[word];
	case GIC_ISENABLER:
	case GIC_ICENABLER:
		return b->enabled[word];
	case GIC_ISPENDR:
	case GIC_ICPENDR:
		return gic_pending_word(b, word);
	case GIC_ISACTIVER:
	case GIC_ICACTIVER:
		return b->active[word];
	default:
		return 0;
	}
}

static void frame_write_bits(const struct gic_frame *f, unsigned int offset, uint32_t val)
{
	struct gic_bank *b = f->bank;
	unsigned int word = offset % 0x80 / 4;

	if (!frame_has(f, word * 32)) {
		return;
	}
	switch (offset & ~0x7fu) {
	case GIC_IGROUPR:
		b->group[word] = val;
		break;
	case GIC_ISENABLER:
		b->enabled[word] |= val;
		break;
	case GIC_ICENABLER:
		b->enabled[word] &= ~val;
		break;
	case GIC_ISPENDR:
		b->latch[word] |= val;
		break;
	case GIC_ICPENDR:
		b->latch[word] &= ~val;
		break;
	case GIC_ISACTIVER:
		b->active[word] |= val;
		break;
	case GIC_ICACTIVER:
		b->active[word] &= ~val;
		break;
	default:
		break;
	}
}

/* Two bits for each interrupt; the upper one says edge. SGIs are always edge. */
static uint32_t frame_read_config(const struct gic_frame *f, unsigned int offset)
{
	unsigned int intid = (offset - GIC_ICFGR) * 4;
	uint32_t val = 0;

	if (frame_has(f, intid)) {
		for (unsigned int i = 0; i < 16; i++) {
			val |= (f->bank->edge[intid / 32] >> ((intid + i) % 32) & 1) << (2 * i + 1);
		}
	}
	return val;
}

static void frame_write_config(const struct gic_frame *f, unsigned int offset, uint32_t val)
{
	unsigned int intid = (offset - GIC_ICFGR) * 4;

	if (!frame_has(f, intid) || intid < 16) {
		return;
	}
	for (unsigned int i = 0; i < 16; i++) {
		uint32_t bit = 1u << ((intid + i) % 32);

		if (val >> (2 * i + 1) & 1) {
			f->bank->edge[intid / 32] |= bit;
		} else {
			f->bank->edge[intid / 32] &= ~bit;
		}
	}
}

uint64_t gic_frame_read(const struct gic_frame *f, unsigned int offset, unsigned int size)
{
	uint64_t val = 0;

	if (offset >= GIC_IPRIORITYR && offset < GIC_IPRIORITYR + GIC_NR_WORDS * 32) {
		for (unsigned int i = 0; i < size; i++) {
			unsigned int intid = offset - GIC_IPRIORITYR + i;

			val |= frame_has(f, intid) ? (uint64_t)f->bank->priority[intid] << (8 * i)
						   : 0;
		}
		return val;
	}
	if (size != 4) {
		return 0;
	}
	if (offset >= GIC_IGROUPR && offset < GIC_IPRIORITYR) {
		return frame_read_bits(f, offset);
	}
	if (offset >= GIC_ICFGR && offset < GIC_ICFGR + 0x100) {
		return frame_read_config(f, offset);
	}
	return 0;
}

void gic_frame_write(const struct gic_frame *f, unsigned int offset, uint64_t val,
		     unsigned int size)
{
	if (offset >= GIC_IPRIORITYR && offset < GIC_IPRIORITYR + GIC_NR_WORDS * 32) {
		for (unsigned int i = 0; i < size; i++) {
			unsigned int intid = offset - GIC_IPRIORITYR + i;

			if (frame_has(f, intid)) {
				f->bank->priority[intid] =
					(uint8_t)(val >> (8 * i)) & GIC_PRIORITY_MASK;
			}
		}
	} else if (size != 4) {
		return;
	} else if (offset >= GIC_IGROUPR && offset < GIC_IPRIORITYR) {
		frame_write_bits(f, offset, (uint32_t)val);
	} else if (offset >= GIC_ICFGR && offset < GIC_ICFGR + 0x100) {
		frame_write_config(f, offset, (uint32_t)val);
	}
}
