/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of vgic/ share: finding a bank, the words that follow from its state, and the
 * vCPUs to notify once locks are dropped (vcpu_request() may take locks that come before ours).
 */
#ifndef VGIC_INTERNAL_H
#define VGIC_INTERNAL_H

#include <core/cpu.h>
#include <core/lock.h>
#include <core/types.h>
#include <core/vcpu.h>
#include <core/vm.h>
#include <vgic/vgic.h>

#define VGIC_CTLR_GRP0 1u
#define VGIC_CTLR_GRP1 2u
#define VGIC_NR_SGIS   16u
#define VGIC_FIRST_BAD 1020u /* INTIDs from here on are special */

#define VGIC_PRIORITY_MASK 0xf8u /* five bits: what every virtual CPU interface has */

/* GICD_IROUTER<n> (12.9.22) */
#define VGIC_ROUTER_IRM      BIT(31) /* any vCPU will do */
#define VGIC_ROUTER_AFFINITY 0xff00ffffffull

/* One bank: a vCPU's private interrupts (nr 0), or 32 SPIs of the VM (vcpu, then, is NULL). */
struct vgic_view {
	struct vm *vm;
	struct vcpu *vcpu;
	struct vgic_spis *spis; /* NULL: bank 0 */
	struct vgic_bank *bank;
	u32 nr;
};

static inline struct vgic_spis *vgic_spis(const struct vm *vm, u32 nr)
{
	u32 i = nr - 1;

	return &vm->vgic.pages[i / VGIC_SPIS_PER_PAGE][i % VGIC_SPIS_PER_PAGE];
}

static inline struct vgic_view vgic_private_view(struct vcpu *vcpu)
{
	return (struct vgic_view){vcpu->vm, vcpu, NULL, &vcpu->vgic.bank, 0};
}

/* nr is 1 .. nr_irqs / 32 - 1. */
static inline struct vgic_view vgic_spi_view(struct vm *vm, u32 nr)
{
	struct vgic_spis *spis = vgic_spis(vm, nr);

	return (struct vgic_view){vm, NULL, spis, &spis->bank, nr};
}

/* Bank nr as the vCPU sees it. */
static inline struct vgic_view vgic_view(struct vcpu *vcpu, u32 nr)
{
	return nr == 0 ? vgic_private_view(vcpu) : vgic_spi_view(vcpu->vm, nr);
}

static inline bool vgic_is_spi(const struct vm *vm, u32 intid)
{
	/* Acquire: IRQ_SET may come while another core configures the GIC (vgic_vm_config()). */
	return intid >= VGIC_NR_PRIVATE && intid < VGIC_FIRST_BAD &&
	       intid < __atomic_load_n(&vm->vgic.nr_irqs, __ATOMIC_ACQUIRE);
}

static inline void vgic_lock(const struct vgic_view *v)
{
	spin_lock(v->spis != NULL ? &v->vm->vgic.lock : &v->vcpu->vgic.lock);
}

static inline void vgic_unlock(const struct vgic_view *v)
{
	spin_unlock(v->spis != NULL ? &v->vm->vgic.lock : &v->vcpu->vgic.lock);
}

/* A word that another core may be writing. */
static inline u32 vgic_peek(const u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Runs over the set bits of a word, lowest first: i is the bit's number. */
#define vgic_for_each_bit(i, word)                                                                 \
	for (u32 bits_ = (word), i; bits_ != 0 && ((i = (u32)__builtin_ctz(bits_)), true);         \
	     bits_ &= bits_ - 1)

/* Pending by latch or level, whether or not it is listed. */
static inline u32 vgic_pending(const struct vgic_bank *bank)
{
	return bank->latch | (bank->line & ~bank->edge);
}

/* Those whose group the distributor forwards. */
static inline u32 vgic_forwarded_groups(const struct vm *vm, const struct vgic_bank *bank)
{
	u32 ctlr = vgic_peek(&vm->vgic.ctlr);

	return ((ctlr & VGIC_CTLR_GRP1) != 0 ? bank->group : 0) |
	       ((ctlr & VGIC_CTLR_GRP0) != 0 ? ~bank->group : 0);
}

/* Pending, and allowed to reach a vCPU. */
static inline u32 vgic_deliverable(const struct vm *vm, const struct vgic_bank *bank)
{
	return vgic_pending(bank) & bank->enabled & vgic_forwarded_groups(vm, bank);
}

/* vCPUs of one VM that have something new to see. */
struct vgic_kicks {
	u64 set[(HYP_MAX_VCPUS + 63) / 64];
};

#define VGIC_NO_KICKS ((struct vgic_kicks){{0}})

static inline void vgic_kick_add(struct vgic_kicks *kicks, u32 index)
{
	kicks->set[index / 64] |= BIT(index % 64);
}

/* No vgic lock is held. */
static inline void vgic_kick(struct vm *vm, const struct vgic_kicks *kicks)
{
	for (u32 word = 0; word < ARRAY_COUNT(kicks->set); word++) {
		for (u64 left = kicks->set[word]; left != 0; left &= left - 1) {
			vcpu_request(vm->vcpus[word * 64 + (u32)__builtin_ctzll(left)],
				     VCPU_REQ_VGIC);
		}
	}
}

/* lr.c */

/* The bank's lock is held for these. bits changed in a way that may matter to a vCPU: marks
 * the bank for the vCPU they go to, and adds it to kicks. */
void vgic_changed(const struct vgic_view *v, u32 bits, struct vgic_kicks *kicks);
/* The vCPU looks at those banks anew, and takes its list registers back. */
void vgic_resync(struct vcpu *vcpu, u32 banks, struct vgic_kicks *kicks);
/* bits became pending: the same, but one that goes to the vCPU loaded here is listed right away
 * where a list register is free. */
void vgic_raised(const struct vgic_view *v, u32 bits, struct vgic_kicks *kicks);

/* No lock is held: brings .active and .lr_pending of listed bits up to date, asking the cores
 * that have them in a list register. self: the vCPU loaded on this core, or NULL. */
void vgic_sync_listed(const struct vgic_view *v, struct vcpu *self);

/* hw.c: the physical side of linked interrupts; the bank's lock is held, bits that are not .hw
 * are ignored. */

/* The physical interrupt behind i, active on its behalf until now, is made inactive. False if that
 * is another core's PPI: the core must do it. */
bool vgic_hw_deactivate(const struct vgic_view *v, u32 i);
/* The guest made bits active by register: so are the physical ones, where possible. */
void vgic_hw_activate(const struct vgic_view *v, u32 bits);
/* The guest sets or clears the pending state: the physical distributor's for SPIs. Returns the
 * bits that this did for. */
u32 vgic_hw_set_pending(const struct vgic_view *v, u32 bits, bool pending);
/* Of bits, those pending in the physical distributor. */
u32 vgic_hw_pending(const struct vgic_view *v, u32 bits);
/* The bank's enabled, trigger mode or target changed for bits. */
void vgic_hw_follow_enable(const struct vgic_view *v, u32 bits);
void vgic_hw_follow_config(const struct vgic_view *v, u32 bits);
void vgic_hw_follow_route(const struct vgic_view *v, u32 bits);
/* On a load: this core's timer PPI is active exactly if the vCPU's state says so. */
void vgic_hw_load_ppis(struct vcpu *vcpu);
/* No lock is held: takes back every physical SPI the VM has. */
void vgic_hw_release_all(struct vm *vm);

/* irq.c: registers that have one bit an interrupt. No lock is held. */

enum vgic_word {
	VGIC_GROUP,
	VGIC_ENABLE_SET,
	VGIC_ENABLE_CLEAR,
	VGIC_PENDING_SET,
	VGIC_PENDING_CLEAR,
	VGIC_ACTIVE_SET,
	VGIC_ACTIVE_CLEAR,
	VGIC_NR_WORDS,
};

/* self: the vCPU that makes the access, or NULL. */
u32 vgic_read_word(const struct vgic_view *v, enum vgic_word word, struct vcpu *self);
void vgic_write_word(const struct vgic_view *v, enum vgic_word word, u32 value);
/* Sets the trigger mode of bits to that of value. */
void vgic_write_edge(const struct vgic_view *v, u32 bits, u32 value);
void vgic_write_priority(const struct vgic_view *v, u32 i, u32 priority);
/* GICD_IROUTER<n> of SPI i of the bank, and its target when vCPUs have come to exist. */
void vgic_write_router(const struct vgic_view *v, u32 i, u64 value);
u8 vgic_router_target(struct vm *vm, u64 router);

/* mmio.c: registers by offset in the distributor, or in a vCPU's two redistributor frames. An
 * access that the architecture does not allow reads 0 and writes nothing. */
u64 vgic_dist_read(struct vm *vm, struct vcpu *self, u32 offset, u32 bytes);
void vgic_dist_write(struct vm *vm, u32 offset, u32 bytes, u64 value);
u64 vgic_redist_read(struct vcpu *vcpu, struct vcpu *self, u32 offset, u32 bytes);
void vgic_redist_write(struct vcpu *vcpu, u32 offset, u32 bytes, u64 value);

#endif
