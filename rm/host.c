// SPDX-License-Identifier: BSD-3-Clause
/*
 * host.c: the host VM, step by step; see host.h. The RM owns all memory when it starts, mapped or
 * not, and gives it away in place (IPA = PA), as it is: the kernel and the initrd lie in it.
 */
#include "host.h"
#include "devices.h"
#include "dtreg.h"
#include "hostdt.h"
#include "log.h"

#include <hyp/stubs.h>
#include <string.h>

#define PAGE              4096ull
#define GIB               (1ull << 30)
#define HOST_PAGES        64u /* object, tables near the root, virtual GIC */
#define HOST_VCPU_PAGES   2u
#define HOST_RANGE_PAGES  4u /* tables at the two ends of a range */
#define HOST_FEED_PAGES   64u
#define RM_OWN_PAGES      64u /* the RM's own tables and queues */
#define HOST_VIRTUAL_SPIS 64u
#define HOST_MAX_IRQS     1020u /* INTIDs end here (IHI 0069, 2.2) */
#define GICR_FRAME_BYTES  0x20000ull
#define QUEUE_MESSAGES    16u
#define PSTATE_EL1H_DAIF  0x3c5u
#define HOST_DTB_SLACK    (16u << 10)

/* What the steps share. Large: static. */
static struct host {
	const struct boot_info *boot;
	struct ledger *ledger;
	struct client *client;
	struct ledger_vm *vm;
	struct ranges memory, devices;
	uint32_t nr_hw_irqs; /* first INTID past the hardware's */
	uint64_t dtb;        /* address in host memory */
	uint32_t dtb_pages;
	struct hostdt dt;
} host;

static int host_failed(const char *what, long error)
{
	if (error) {
		log_line(LOG_ERROR, "host VM: %s: %s", what, log_error(error));
	}
	return (int)error;
}

/* All of ram[] but the hypervisor's and the RM's regions and the static VMs'. */
static void host_find_memory(void)
{
	const struct boot_info *boot = host.boot;

	host.memory.nr = 0;
	for (uint32_t i = 0; i < boot->nr_ram; i++) {
		ranges_add(&host.memory, boot->ram[i].base, boot->ram[i].bytes);
	}
	ranges_remove(&host.memory, boot->hyp.base, boot->hyp.bytes);
	ranges_remove(&host.memory, boot->rm.base, boot->rm.bytes);
	for (uint32_t i = 0; i < boot->nr_vms; i++) {
		ranges_remove(&host.memory, boot->vms[i].memory.base, boot->vms[i].memory.bytes);
	}
}

static int host_create(void)
{
	const struct boot_info *boot = host.boot;
	const struct ranges *memory = &host.memory;
	uint64_t span = memory->r[memory->nr - 1].base + memory->r[memory->nr - 1].bytes -
			memory->r[0].base;
	uint32_t pages = HOST_PAGES + boot->nr_cpus * HOST_VCPU_PAGES +
			 (memory->nr + host.devices.nr) * HOST_RANGE_PAGES + (uint32_t)(span / GIB);

	return host_failed("create", ledger_create_vm(host.ledger, LEDGER_RM, HYP_VM_HOST, 0, pages,
						      "host", &host.vm));
}

/* More pool for the host after HYP_E_NOMEM; true: try again. */
static bool host_feed(long error)
{
	return error == HYP_E_NOMEM &&
	       ledger_feed_vm(host.ledger, host.vm, HOST_FEED_PAGES) == HYP_OK;
}

/* The virtual redistributors lie side by side in the first region. */
static int host_place_gic(void)
{
	const struct boot_info *boot = host.boot;
	struct hyp_result irqs = hyp_sys_info(HYP_INFO_NR_IRQS);
	uint32_t nr_irqs;

	if (irqs.error) {
		return host_failed("number of interrupts", irqs.error);
	}
	host.nr_hw_irqs = (uint32_t)irqs.v[0];
	nr_irqs = host.nr_hw_irqs + HOST_VIRTUAL_SPIS;
	if (nr_irqs > HOST_MAX_IRQS) {
		nr_irqs = HOST_MAX_IRQS & ~31u;
	}
	host.dt.gicr_bytes = boot->nr_cpus * GICR_FRAME_BYTES;
	if (host.dt.gicr_bytes > boot->gicr[0].bytes) {
		log_line(LOG_ERROR, "host VM: %u redistributors do not fit into the first region",
			 boot->nr_cpus);
		return HYP_E_SIZE;
	}
	return host_failed("GIC", hyp_vgic_config(host.vm->handle, boot->gicd.base,
						  boot->gicr[0].base, nr_irqs)
					  .error);
}

static int host_donate(uint64_t base, uint64_t bytes)
{
	uint64_t nr = bytes / PAGE;

	while (nr) {
		uint64_t now = nr < HYP_MEM_MAX_PAGES ? nr : HYP_MEM_MAX_PAGES;
		long error = hyp_mem_donate(host.vm->handle, base, base, now, HYP_MEM_KEEP).error;

		if (host_feed(error)) {
			continue;
		}
		if (error) {
			return (int)error;
		}
		base += now * PAGE;
		nr -= now;
	}
	return HYP_OK;
}

static int host_give_memory(void)
{
	for (uint32_t i = 0; i < host.memory.nr; i++) {
		const struct boot_range *r = &host.memory.r[i];
		int error = host_donate(r->base, r->bytes);

		if (error) {
			log_line(LOG_ERROR, "host VM: memory at %llx: %s",
				 (unsigned long long)r->base, log_error(error));
			return error;
		}
	}
	return HYP_OK;
}

/* Whole, or in pieces when it is longer than one call takes. */
static int host_map_device(uint64_t base, uint64_t bytes)
{
	uint64_t most = bytes / PAGE, nr = most;

	while (nr) {
		uint64_t now = nr < most ? nr : most;
		long error = hyp_mem_map_device(host.vm->handle, base, base, now).error;

		if (host_feed(error)) {
			continue;
		}
		if (error == HYP_E_SIZE && most > HYP_MEM_MAX_PAGES) {
			most = HYP_MEM_MAX_PAGES;
			continue;
		}
		if (error) {
			return (int)error;
		}
		base += now * PAGE;
		nr -= now;
	}
	return HYP_OK;
}

/* A device that cannot be mapped is missing, not a reason to have no machine. */
static void host_give_devices(void)
{
	for (uint32_t i = 0; i < host.devices.nr; i++) {
		const struct boot_range *r = &host.devices.r[i];
		int error = host_map_device(r->base, r->bytes);

		if (error) {
			log_line(LOG_WARNING, "host VM: device at %llx-%llx: %s",
				 (unsigned long long)r->base,
				 (unsigned long long)(r->base + r->bytes - 1), log_error(error));
		}
	}
}

static int host_give_irqs(void)
{
	for (uint32_t irq = 32; irq < host.nr_hw_irqs; irq++) {
		long error = hyp_irq_forward(host.vm->handle, irq, irq, 0).error;

		if (host_feed(error)) {
			irq--;
		} else if (error == HYP_OK) {
			host.vm->nr_irqs++;
		} else if (error != HYP_E_EXIST) { /* EXIST: the hypervisor keeps it */
			log_line(LOG_ERROR, "host VM: interrupt %u: %s", irq, log_error(error));
			return (int)error;
		}
	}
	return HYP_OK;
}

/* arm64's boot protocol: x0 = device tree, interrupts masked, MMU off (booting.rst, section 5). */
static int host_set_entry(uint64_t vcpu)
{
	const uint64_t regs[][2] = {
		{HYP_REG_PC, host.boot->kernel.base},
		{HYP_REG_X(0), host.dtb},
		{HYP_REG_PSTATE, PSTATE_EL1H_DAIF},
	};

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		long error = hyp_vcpu_reg_set(vcpu, regs[i][0], regs[i][1]).error;

		if (error) {
			return host_failed("registers", error);
		}
	}
	return HYP_OK;
}

static int host_add_vcpus(void)
{
	for (uint32_t i = 0; i < host.boot->nr_cpus; i++) {
		uint32_t flags = HYP_VCPU_FIXED | HYP_VCPU_CORE(i) | (i == 0 ? HYP_VCPU_ON : 0);
		struct hyp_result result =
			hyp_vcpu_create(host.vm->handle, i, host.boot->cpu_mpidr[i], flags);

		if (host_feed(result.error)) {
			i--;
			continue;
		}
		if (result.error) {
			return host_failed("vCPU", result.error);
		}
		if (i == 0 && host_set_entry(result.v[0])) {
			return HYP_E_INVAL;
		}
		hyp_handle_delete(result.v[0]);
	}
	return HYP_OK;
}

/* Copies a handle of ours into the host's table. */
static int host_give_handle(uint64_t handle, uint64_t rights, uint64_t *theirs)
{
	struct hyp_result result = hyp_handle_copy(handle, host.vm->handle, rights);

	*theirs = result.v[0];
	return host_failed("handle", result.error);
}

/* Two queues to talk to us, and a doorbell that the hypervisor rings for waiting vCPUs. */
static int host_add_queues(void)
{
	struct hyp_result requests = hyp_msgq_create(QUEUE_MESSAGES, RM_MSG_BYTES);
	struct hyp_result answers = hyp_msgq_create(QUEUE_MESSAGES, RM_MSG_BYTES);
	struct hyp_result wake = hyp_doorbell_create();
	int error = (int)(requests.error ? requests.error
					 : (answers.error ? answers.error : wake.error));

	if (error) {
		return host_failed("queues", error);
	}
	host.client->requests = requests.v[0];
	host.client->answers = answers.v[0];
	host.dt.rm_rx_intid = host.nr_hw_irqs;
	host.dt.wake_intid = host.nr_hw_irqs + 1;
	error = host_give_handle(requests.v[0], HYP_RIGHT_SEND, &host.dt.rm_tx);
	error = error ? error : host_give_handle(answers.v[0], HYP_RIGHT_RECV, &host.dt.rm_rx);
	return error ? error
		     : host_give_handle(wake.v[0], HYP_RIGHT_SEND | HYP_RIGHT_RECV, &host.dt.wake);
}

/* The tree is written into pages of the RM's, which then become the host's. */
static int host_make_dtb(void)
{
	const void *board = (const void *)host.boot->dtb.base;
	uint32_t room = (uint32_t)((host.boot->dtb.bytes + HOST_DTB_SLACK + PAGE - 1) / PAGE);
	const char *step = "";
	int error;

	host.dtb_pages = pool_take(host.ledger->pool, host.vm->slot, room, &host.dtb);
	if (host.dtb_pages < room) {
		return host_failed("device tree", HYP_E_NOMEM);
	}
	ranges_add(&host.memory, host.dtb, room * PAGE);
	host.dt.boot = host.boot;
	host.dt.memory = &host.memory;
	error = hostdt_make(&host.dt, board, (void *)host.dtb, room * PAGE, &step);
	if (error) {
		log_line(LOG_ERROR, "host VM: device tree: %s: %s", step, fdt_strerror(error));
		return HYP_E_INVAL;
	}
	return HYP_OK;
}

/* How much memory the host can ever lend bounds what it may ask of our pool for its tables. */
static void host_fill_client(void)
{
	host.client->ledger = host.ledger;
	host.client->vm = host.vm;
	host.client->first_pages = pool_count(host.ledger->pool, host.vm->slot);
	host.client->table_pages_most = server_table_pages(ranges_bytes(&host.memory));
	host.client->pending = false;
}

int host_start(const struct boot_info *boot, struct ledger *ledger, struct client *client)
{
	struct ledger_vm *self = &ledger->vms[LEDGER_RM];
	int error;

	memset(&host, 0, sizeof(host));
	host.boot = boot;
	host.ledger = ledger;
	host.client = client;
	host_find_memory();
	devices_find(&host.devices, (const void *)boot->dtb.base, boot);
	error = host_failed("pool of the RM", ledger_feed_vm(ledger, self, RM_OWN_PAGES));
	error = error ? error : host_create();
	error = error ? error : host_place_gic();
	error = error ? error : host_add_queues();
	error = error ? error : host_make_dtb(); /* the pages are in host.memory now */
	error = error ? error : host_give_memory();
	error = error ? error : host_give_irqs();
	error = error ? error : host_add_vcpus();
	if (error) {
		return error;
	}
	host_give_devices();
	host_fill_client();
	log_line(LOG_INFO, "host VM: %llu MiB, %u vCPUs, %u interrupts",
		 (unsigned long long)(ranges_bytes(&host.memory) >> 20), boot->nr_cpus,
		 host.vm->nr_irqs);
	return host_failed("start", hyp_vm_start(host.vm->handle).error);
}
