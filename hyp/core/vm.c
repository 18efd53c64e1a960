/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life of a VM. A struct vm and all it points to lie in the VM's own pool, so creating one
 * allocates nothing of EL2's, and destroying one gives back the same pages that came.
 */
#include <core/cpu.h>
#include <core/log.h>
#include <core/run.h>
#include <core/string.h>
#include <core/vm.h>
#include <el2/mmu.h>
#include <el2/switch.h>
#include <el2/sysreg.h>
#include <hyp/error.h>
#include <stage2/frame.h>
#include <stage2/mem.h>

struct spinlock vm_table_lock = SPINLOCK(LOCK_VM_TABLE);
static struct vm *vms[MAX_VMS];

#define VM_PAGES ((sizeof(struct vm) + PAGE_BYTES - 1) / PAGE_BYTES)

/* About what an ordinary holder needs, many times over. */
#define ENTER_TRIES 100000u

bool vm_table_enter(void)
{
	for (u32 i = 0; i < ENTER_TRIES; i++) {
		if (spin_trylock(&vm_table_lock)) {
			return true;
		}
	}
	return false;
}

struct vm *vm_by_id(vmid_t id)
{
	return id < MAX_VMS ? vms[id] : NULL;
}

struct vm *vm_rm(void)
{
	return vms[VMID_RM];
}

u32 vm_count(void)
{
	u32 nr = 0;

	for (u32 i = 0; i < MAX_VMS; i++) {
		nr += vms[i] != NULL;
	}
	return nr;
}

struct vcpu *vm_vcpu_by_mpidr(struct vm *vm, u64 mpidr)
{
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		struct vcpu *vcpu = vm->vcpus[i];

		if (vcpu && ((vcpu->mpidr ^ mpidr) & MPIDR_AFFINITY) == 0) {
			return vcpu;
		}
	}
	return NULL;
}

static vmid_t free_id(void)
{
	for (u32 id = VMID_RM; id < MAX_VMS; id++) {
		if (!vms[id]) {
			return (vmid_t)id;
		}
	}
	return INVALID_VMID;
}

/* Fills a VM whose pool is new. Nothing outside the pool changes. */
static int init_in_pool(struct pool *pool, vmid_t id, u32 flags, u32 ipa_bits, struct vm **out)
{
	struct stage2 s2 = {0};
	struct vm *vm;
	int error = s2_init(&s2, pool, id, ipa_bits);

	if (error) {
		return error;
	}
	vm = pool_alloc_aligned_locked(pool, VM_PAGES == 3 ? 4 : VM_PAGES);
	if (!vm) {
		return HYP_E_NOMEM;
	}
	vm->handles.entries = pool_alloc_locked(pool);
	if (!vm->handles.entries) {
		return HYP_E_NOMEM;
	}
	vm->id = id;
	vm->flags = flags;
	vm->s2 = s2;
	vm->pool = *pool;
	vm->s2.pool = &vm->pool;
	console_init(&vm->console);
	handle_put_at(vm, HYP_HANDLE_SELF, HYP_OBJECT_VM, vm, HYP_RIGHT_MEM);
	*out = vm;
	return HYP_OK;
}

struct vm *vm_create_rm(void *memory, u64 nr_pages)
{
	struct pool pool;
	struct vm *vm = NULL;

	pool_init(&pool);
	spin_lock(&mem_lock);
	if (pool_add_locked(&pool, mmu_va_to_pa(memory), nr_pages) ||
	    init_in_pool(&pool, VMID_RM, 0, 0, &vm)) {
		panic("no memory for the resource manager's VM");
	}
	spin_unlock(&mem_lock);
	handle_put_at(vm, HYP_HANDLE_SELF, HYP_OBJECT_VM, vm, HYP_RIGHT_MEM | HYP_RIGHT_CONTROL);
	handle_put_at(vm, HYP_HANDLE_PLATFORM, HYP_OBJECT_PLATFORM, vm, HYP_RIGHT_ALL);
	vms[VMID_RM] = vm;
	return vm;
}

int vm_create(struct vm *rm, ipaddr_t base, u64 nr, u64 flags, u64 ipa_bits, struct vm **out,
	      u32 *handle)
{
	struct pool pool;
	vmid_t id;
	int error;

	if ((flags & ~(u64)(HYP_VM_PROTECTED | HYP_VM_HOST)) || ipa_bits > 48) {
		return HYP_E_INVAL;
	}
	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	id = free_id();
	error = id == INVALID_VMID || !handle_has_room(rm)
			? HYP_E_LIMIT
			: mem_pool_take(rm, pa_init(base.ipa), nr, id);
	if (error) {
		goto unlock;
	}
	pool_init(&pool);
	spin_lock(&mem_lock);
	error = pool_add_locked(&pool, pa_init(base.ipa), nr);
	if (!error) {
		error = init_in_pool(&pool, id, (u32)flags, (u32)ipa_bits, out);
	}
	spin_unlock(&mem_lock);
	if (error) {
		mem_pool_return(rm, pa_init(base.ipa), nr);
		goto unlock;
	}
	/* VM time starts with the VM; the host's is the machine's (its CNTVCT is CNTPCT). */
	vms[id] = *out;
	*handle = (u32)handle_put(rm, HYP_OBJECT_VM, *out, HYP_RIGHT_ALL);
unlock:
	spin_unlock(&vm_table_lock);
	return error;
}

int vm_pool_add(struct vm *rm, struct vm *vm, ipaddr_t base, u64 nr)
{
	int error = mem_pool_take(rm, pa_init(base.ipa), nr, vm->id);

	if (error) {
		return error;
	}
	spin_lock(&mem_lock);
	error = pool_add_locked(&vm->pool, pa_init(base.ipa), nr);
	spin_unlock(&mem_lock);
	if (error) {
		mem_pool_return(rm, pa_init(base.ipa), nr);
	}
	return error;
}

int vm_start(struct vm *vm)
{
	u32 new = HYP_VM_NEW;

	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	if (!atomic_compare_exchange_strong(&vm->state, &new, HYP_VM_RUNNING)) {
		spin_unlock(&vm_table_lock);
		return HYP_E_STATE;
	}
	if (vm->flags & HYP_VM_HOST) {
		log_release_uart();
	}
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		struct vcpu *vcpu = vm->vcpus[i];

		if (vcpu && (vcpu->flags & HYP_VCPU_ON) && !vcpu_is_proxy(vcpu)) {
			vcpu_power_on(vcpu);
		}
	}
	spin_unlock(&vm_table_lock);
	return HYP_OK;
}

void vm_stop(struct vm *vm)
{
	atomic_store(&vm->state, HYP_VM_STOPPED);
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		if (vm->vcpus[i]) {
			vcpu_request(vm->vcpus[i], VCPU_REQ_OFF);
		}
	}
}

static bool any_vcpu_active(struct vm *vm)
{
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		struct vcpu *vcpu = vm->vcpus[i];
		u32 state = vcpu ? atomic_load(&vcpu->state) : VCPU_OFF;

		if (state == VCPU_RUNNING || (state != VCPU_OFF && !vcpu_is_proxy(vcpu))) {
			return true;
		}
	}
	return false;
}

/* vm_table_lock is held: no vCPU comes to exist meanwhile, and the VM is not being destroyed. */
static int reset_locked(struct vm *vm)
{
	u32 old[HYP_MAX_VCPUS];
	int error;

	vm_stop(vm);
	if (any_vcpu_active(vm)) {
		return HYP_E_BUSY;
	}
	/* Its registers are its host's again after this, so there must be nothing to find by them.
	 * Now that it is stopped it gets no memory any more. */
	if ((vm->flags & HYP_VM_PROTECTED) && mem_has_pages(vm)) {
		return HYP_E_STATE;
	}
	/* A VCPU_RUN that passed its checks before the VM was stopped may still take one. */
	error = vm_claim_vcpus(vm, old);
	if (error) {
		return error;
	}
	vgic_vm_reset(vm);
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		if (vm->vcpus[i]) {
			vcpu_reset(vm->vcpus[i]);
			old[i] = vcpu_initial_state(vm->vcpus[i]);
		}
	}
	atomic_store(&vm->state, HYP_VM_NEW);
	vm_release_vcpus(vm, old);
	return HYP_OK;
}

int vm_reset(struct vm *vm)
{
	int error;

	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	error = reset_locked(vm);
	spin_unlock(&vm_table_lock);
	return error;
}

int vm_claim_vcpus(struct vm *vm, u32 *old)
{
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		old[i] = VM_NOT_CLAIMED;
	}
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		u32 state;

		if (!vm->vcpus[i]) {
			continue;
		}
		if (vcpu_claim(vm->vcpus[i], &state)) {
			vm_release_vcpus(vm, old);
			return HYP_E_BUSY;
		}
		old[i] = state;
	}
	return HYP_OK;
}

void vm_release_vcpus(struct vm *vm, const u32 *old)
{
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		if (old[i] != VM_NOT_CLAIMED) {
			vcpu_release(vm->vcpus[i], old[i]);
		}
	}
}

/* Cores forget the vCPUs that were fixed to them, and whose FP state they hold. */
static void forget_vcpus(const struct vm *vm)
{
	for (u32 i = 0; i < nr_cpus; i++) {
		if (cpus[i].host_vcpu && cpus[i].host_vcpu->vm == vm) {
			if (cpus[i].fp_owner == cpus[i].host_vcpu) {
				cpus[i].fp_owner = NULL;
			}
			cpus[i].host_vcpu = NULL;
		}
	}
}

/* Nobody but the destroyer can reach the VM any more: its pool goes back whole. */
static void give_back_pool(struct vm *rm, struct vm *vm)
{
	struct pool_range ranges[MAX_POOL_RANGES];
	u32 nr = vm->pool.nr_ranges;

	memcpy(ranges, vm->pool.ranges, sizeof(ranges));
	for (u32 i = 0; i < nr; i++) {
		mem_pool_return(rm, ranges[i].base, ranges[i].nr_pages);
	}
}

static void revoke_everything(struct vm *vm)
{
	(void)handle_revoke(vm, NULL, 0);
	for (u32 i = 0; i < HYP_MAX_VCPUS; i++) {
		if (vm->vcpus[i]) {
			(void)handle_revoke(vm->vcpus[i], NULL, 0);
		}
	}
	for (struct ipc_object *o = vm->ipc; o; o = o->next) {
		(void)handle_revoke(o, NULL, 0);
	}
}

int vm_destroy(struct vm *rm, struct vm *vm)
{
	int error = HYP_OK;

	if (vm == rm) {
		return HYP_E_INVAL;
	}
	if (!vm_table_enter()) {
		return HYP_E_BUSY;
	}
	vm_stop(vm);
	if (any_vcpu_active(vm) || mem_has_ties(vm) || mem_strip_owned(rm, vm)) {
		error = HYP_E_BUSY;
		goto unlock;
	}
	revoke_everything(vm);
	ipc_vm_gone(vm);
	vgic_vm_destroy(vm);
	vms[vm->id] = NULL;
	cpu_wait_others();
	/* A VCPU_RUN that had passed its checks before the handles went has been told to stop. */
	while (any_vcpu_active(vm)) {
		cpu_wait_others();
	}
	forget_vcpus(vm);
	spin_lock(&mem_lock);
	s2_destroy(&vm->s2);
	spin_unlock(&mem_lock);
	give_back_pool(rm, vm);
unlock:
	spin_unlock(&vm_table_lock);
	return error;
}

struct vcpu *vm_fault(struct vcpu *vcpu, const char *why)
{
	log_warn("vm %u vcpu %u: %s at pc 0x%lx; stopped\n", vcpu->vm->id, vcpu->index, why,
		 vcpu->regs.pc);
	if (vcpu->parent) {
		return run_exit_error(vcpu);
	}
	vm_stop(vcpu->vm);
	return vcpu;
}
