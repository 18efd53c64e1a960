// SPDX-License-Identifier: BSD-3-Clause
/*
 * fake.c: see fake.h.
 */
#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PAGE         4096ull
#define HANDLE_VM    100ull
#define HANDLE_OTHER 1000ull /* queues, doorbells, vCPUs */

struct fake fake;

void fake_reset(void)
{
	/* VMs are large, and cleared when they are made. */
	for (uint32_t i = 0; i < FAKE_VMS; i++) {
		fake.vms[i].used = false;
	}
	memset(&fake.busy, 0, sizeof(fake) - offsetof(struct fake, busy));
	memset(&fake.vms[0], 0, sizeof(fake.vms[0]));
	fake.room = FAKE_REQUESTS;
	fake.fail_at = -1;
	fake.vms[0].used = true;
	fake.vms[0].id = FAKE_RM;
}

struct fake_vm *fake_vm(uint64_t handle)
{
	if (handle == HYP_HANDLE_SELF) {
		handle = HANDLE_VM;
	}
	assert_in_range(handle, HANDLE_VM, HANDLE_VM + FAKE_VMS - 1);
	assert_true(fake.vms[handle - HANDLE_VM].used);
	return &fake.vms[handle - HANDLE_VM];
}

void fake_request(const void *message, size_t bytes)
{
	assert_in_range(fake.nr_requests, 0, FAKE_REQUESTS - 1);
	memcpy(fake.requests[fake.nr_requests], message, bytes);
	fake.request_bytes[fake.nr_requests++] = bytes;
}

static struct hyp_result done(long error, uint64_t v0, uint64_t v1)
{
	return (struct hyp_result){error, {v0, v1}};
}

static void expect_unused(uint64_t base, uint64_t bytes)
{
	for (uint32_t i = 0; i < FAKE_VMS; i++) {
		struct ranges *sets[] = {&fake.vms[i].pool, &fake.vms[i].memory};

		for (int s = 0; s < 2 && fake.vms[i].used; s++) {
			for (uint32_t r = 0; r < sets[s]->nr; r++) {
				const struct boot_range *have = &sets[s]->r[r];

				assert_true(base + bytes <= have->base ||
					    have->base + have->bytes <= base);
			}
		}
	}
}

static struct hyp_result pool_add(struct fake_vm *vm, uint64_t base, uint64_t nr)
{
	assert_true(nr > 0 && base % PAGE == 0);
	expect_unused(base, nr * PAGE);
	ranges_add(&vm->pool, base, nr * PAGE);
	return done(HYP_OK, 0, 0);
}

static struct hyp_result vm_create(uint64_t base, uint64_t nr, uint64_t flags)
{
	uint32_t i = 1;

	while (i < FAKE_VMS && fake.vms[i].used) {
		i++;
	}
	if (i == FAKE_VMS) {
		return done(HYP_E_LIMIT, 0, 0);
	}
	memset(&fake.vms[i], 0, sizeof(fake.vms[i]));
	pool_add(&fake.vms[i], base, nr);
	fake.vms[i].used = true;
	fake.vms[i].id = 500 + i;
	fake.vms[i].flags = (uint32_t)flags;
	return done(HYP_OK, HANDLE_VM + i, fake.vms[i].id);
}

static struct hyp_result vm_destroy(struct fake_vm *vm)
{
	if (fake.busy) {
		fake.busy--;
		return done(HYP_E_BUSY, 0, 0);
	}
	vm->used = false;
	return done(HYP_OK, 0, 0);
}

/* The host's memory lies in place, another VM's in one piece. */
static void expect_place(struct fake_vm *vm, uint64_t pa, uint64_t ipa)
{
	if (vm->flags & HYP_VM_HOST) {
		assert_int_equal(pa, ipa);
	} else if (vm->memory.nr == 0) {
		vm->ipa = ipa;
	} else {
		assert_int_equal(ipa - vm->ipa, pa - vm->memory.r[0].base);
	}
}

static struct hyp_result vm_call(uint64_t nr, struct fake_vm *vm, const hyp_arg_t a[6])
{
	switch (nr) {
	case HYP_CALL_vm_pool_add:
		return pool_add(vm, a[2], a[3]);
	case HYP_CALL_vm_start:
		vm->started = true;
		return done(HYP_OK, 0, 0);
	case HYP_CALL_vm_destroy:
		return vm_destroy(vm);
	case HYP_CALL_vm_info:
		return (struct hyp_result){
			HYP_OK, {vm->started, ranges_bytes(&vm->pool) / PAGE, 7, 8, vm->nr_vcpus}};
	case HYP_CALL_vcpu_create:
		if (vm->vcpus >> a[2] % 64 & 1) {
			return done(HYP_E_EXIST, 0, 0);
		}
		vm->vcpus |= 1ull << a[2] % 64;
		vm->nr_vcpus++;
		fake.nr_vcpu_handles++;
		return done(HYP_OK, HANDLE_OTHER + (uint64_t)(vm - fake.vms), 0);
	case HYP_CALL_vgic_config:
		vm->gicd = a[2];
		vm->gicr = a[3];
		vm->gic_irqs = a[4];
		return done(HYP_OK, 0, 0);
	case HYP_CALL_irq_forward:
		assert_int_equal(a[2], 32 + vm->nr_irqs);
		assert_int_equal(a[2], a[3]);
		vm->nr_irqs++;
		return done(HYP_OK, 0, 0);
	case HYP_CALL_mem_donate:
		expect_unused(a[2], a[4] * PAGE);
		expect_place(vm, a[2], a[3]);
		assert_in_range(a[4], 1, HYP_MEM_MAX_PAGES);
		assert_int_equal(a[5], HYP_MEM_KEEP);
		ranges_add(&vm->memory, a[2], a[4] * PAGE);
		return done(HYP_OK, 0, 0);
	case HYP_CALL_mem_map_device:
		if (a[4] > HYP_MEM_MAX_PAGES) {
			return done(HYP_E_SIZE, 0, 0);
		}
		ranges_add(&vm->devices, a[2], a[4] * PAGE);
		return done(HYP_OK, 0, 0);
	default:
		fail_msg("unexpected call %llu", (unsigned long long)nr);
		return done(HYP_E_NOSYS, 0, 0);
	}
}

static struct hyp_result reg_set(const hyp_arg_t a[6])
{
	struct fake_vm *vm = fake_vm(a[1] - HANDLE_OTHER + HANDLE_VM);

	if (a[2] == HYP_REG_PC) {
		vm->pc = a[3];
	} else if (a[2] == HYP_REG_X(0)) {
		vm->x0 = a[3];
	} else {
		assert_int_equal(a[2], HYP_REG_PSTATE);
		vm->pstate = a[3];
	}
	return done(HYP_OK, 0, 0);
}

static struct hyp_result receive(uint64_t to, uint64_t bytes)
{
	uint64_t length;

	if (fake.next_request == fake.nr_requests) {
		return done(HYP_E_AGAIN, 0, 0);
	}
	length = fake.request_bytes[fake.next_request];
	assert_true(length <= bytes);
	memcpy((void *)to, fake.requests[fake.next_request++], length);
	return done(HYP_OK, length, 0);
}

static struct hyp_result send(uint64_t from, uint64_t bytes)
{
	assert_int_equal(bytes, sizeof(struct rm_answer));
	if (!fake.room) {
		return done(HYP_E_AGAIN, 0, 0);
	}
	fake.room--;
	memcpy(&fake.answers[fake.nr_answers++], (const void *)from, bytes);
	return done(HYP_OK, 0, 0);
}

struct hyp_result hyp_call(hyp_arg_t nr, hyp_arg_t a1, hyp_arg_t a2, hyp_arg_t a3, hyp_arg_t a4,
			   hyp_arg_t a5)
{
	const hyp_arg_t a[] = {0, a1, a2, a3, a4, a5};

	if (fake.calls++ == fake.fail_at) {
		fake.failed = (enum hyp_call)nr;
		return done(fake.fail_with, 0, 0);
	}
	switch (nr) {
	case HYP_CALL_handle_info:
		return (struct hyp_result){HYP_OK, {HYP_OBJECT_VM, 0, fake_vm(a1)->id}};
	case HYP_CALL_handle_copy:
		return done(HYP_OK, 40 + fake_vm(a2)->nr_handles++, 0);
	case HYP_CALL_handle_delete:
		fake.nr_vcpu_handles--; /* it deletes no others */
		return done(HYP_OK, 0, 0);
	case HYP_CALL_vm_create:
		return vm_create(a1, a2, a3);
	case HYP_CALL_sys_info:
		assert_int_equal(a1, HYP_INFO_NR_IRQS);
		return done(HYP_OK, FAKE_NR_IRQS, 0);
	case HYP_CALL_msgq_create:
	case HYP_CALL_doorbell_create:
		return done(HYP_OK, HANDLE_OTHER + FAKE_VMS + fake.nr_objects++, 0);
	case HYP_CALL_vcpu_reg_set:
		return reg_set(a);
	case HYP_CALL_vcpu_sched:
		fake_vm(a1 - HANDLE_OTHER + HANDLE_VM)->priority = a2;
		return done(HYP_OK, 0, 0);
	case HYP_CALL_msgq_recv:
		return receive(a2, a3);
	case HYP_CALL_msgq_send:
		return send(a2, a3);
	default:
		return vm_call(nr, fake_vm(a1), a);
	}
}
