// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource manager's client.
 *
 * One request is under way at a time: lock, send, wait for the answer with the same sequence
 * number, unlock. Requests are rare (a VM or vCPU comes or goes, a pool runs dry), so there is
 * nothing to gain from more. The wait is bounded, because the RM may have crashed: the host lives
 * on, existing VMs run on, and only what needs the RM fails, with ETIMEDOUT.
 *
 * An answer that comes after its caller gave up is thrown away by the next caller; if it announces
 * a new VM, nobody would ever destroy that, so it is destroyed first. Callers that come after one was
 * not answered do not wait long: an RM that lives answers in microseconds.
 *
 * Messages pass through one page: the hypervisor copies from and to it by its address.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "errors.h"
#include "module.h"

#define RM_TIMEOUT	  (10 * HZ)
#define RM_TIMEOUT_SILENT (HZ / 10) /* once it has let somebody wait in vain */

#define RM_END_RECEIVE 0 /* MSGQ_BIND's name of the end that receives */

/* Both fit one page, and neither shares its half with the other. */
union rm_page {
	struct rm_request request;
	u8 bytes[RM_MSG_BYTES];
};

static struct {
	struct mutex lock;
	struct completion arrived; /* the receive queue stopped being empty */
	u32 tx;
	u32 rx;
	u32 seq;
	bool up;
	bool silent; /* the last request was not answered in time */
	union rm_page *out;
	struct rm_answer *in;
} rm = {
	.lock = __MUTEX_INITIALIZER(rm.lock),
	.arrived = COMPLETION_INITIALIZER(rm.arrived),
};

static irqreturn_t rm_interrupt(int irq, void *unused)
{
	complete(&rm.arrived);
	return IRQ_HANDLED;
}

/* Puts rm.out into the queue; waits while it is full. */
static int rm_send(unsigned long deadline)
{
	for (;;) {
		struct hyp_result result = hyp_msgq_send(rm.tx, virt_to_phys(rm.out),
							 sizeof(rm.out->request));

		if (result.error != HYP_E_AGAIN) {
			return errors_to_errno(result.error);
		}
		if (time_after(jiffies, deadline)) {
			return -ETIMEDOUT;
		}
		usleep_range(200, 1000);
	}
}

/* Takes one message into rm.in, waiting for it. */
static int rm_receive(unsigned long deadline)
{
	for (;;) {
		struct hyp_result result;
		long left;

		reinit_completion(&rm.arrived);
		result = hyp_msgq_recv(rm.rx, virt_to_phys(rm.in), sizeof(*rm.in));
		if (result.error == HYP_OK) {
			return result.v[0] == sizeof(*rm.in) ? 0 : -EPROTO;
		}
		if (result.error != HYP_E_AGAIN) {
			return errors_to_errno(result.error);
		}
		left = (long)(deadline - jiffies);
		if (left <= 0 || !wait_for_completion_timeout(&rm.arrived, left)) {
			return -ETIMEDOUT;
		}
	}
}

/* Sends a request of its own; the answer does not matter. */
static void rm_destroy_late(u64 id)
{
	memset(&rm.out->request, 0, sizeof(rm.out->request));
	rm.out->request.type = RM_MSG_vm_destroy;
	rm.out->request.seq = ++rm.seq;
	rm.out->request.a[0] = id;
	if (rm_send(jiffies + RM_TIMEOUT_SILENT)) {
		pr_warn("hyp: VM %llu was created too late and could not be destroyed\n", id);
	}
}

/* An answer nobody waits for any more. */
static void rm_drop(void)
{
	if (rm.in->type == RM_MSG_vm_create && rm.in->error == HYP_OK) {
		rm_destroy_late(rm.in->a[1]);
	}
}

static int rm_exchange(struct rm_request *request, struct rm_answer *answer)
{
	unsigned long deadline = jiffies + (rm.silent ? RM_TIMEOUT_SILENT : RM_TIMEOUT);
	int rc;

	request->seq = ++rm.seq;
	rm.out->request = *request;
	rc = rm_send(deadline);
	if (rc) {
		return rc;
	}
	for (;;) {
		rc = rm_receive(deadline);
		if (rc) {
			break;
		}
		rm.silent = false;
		if (rm.in->seq == request->seq) {
			*answer = *rm.in;
			return answer->type == request->type ? 0 : -EPROTO;
		}
		rm_drop();
	}
	rm.silent = true;
	pr_warn_ratelimited("hyp: no answer from the resource manager (request %u: %d)\n",
			    request->type, rc);
	return rc;
}

int rm_call(struct rm_request *request, struct rm_answer *answer)
{
	int rc;

	mutex_lock(&rm.lock);
	rc = rm.up ? rm_exchange(request, answer) : -ENODEV;
	mutex_unlock(&rm.lock);
	return rc ? rc : errors_to_errno(answer->error);
}

int rm_vm_create(bool protected, unsigned int ipa_bits, const char *name, u32 *handle, u64 *id)
{
	struct rm_request request = {
		.type = RM_MSG_vm_create,
		/* How many vCPUs and how much memory will come, nobody has said: bought later. */
		.a = {protected ? HYP_VM_PROTECTED : 0, ipa_bits, 1, 0},
	};
	struct rm_answer answer;
	int rc;

	strscpy(request.name, name, sizeof(request.name));
	rc = rm_call(&request, &answer);
	if (rc) {
		return rc;
	}
	*handle = (u32)answer.a[0];
	*id = answer.a[1];
	return 0;
}

int rm_vm_quota(u64 id, u64 bytes)
{
	struct rm_request request = {.type = RM_MSG_vm_quota, .a = {id, bytes}};
	struct rm_answer answer;

	return rm_call(&request, &answer);
}

int rm_self_quota(u64 bytes)
{
	struct rm_request request = {.type = RM_MSG_self_quota, .a = {bytes}};
	struct rm_answer answer;

	return rm_call(&request, &answer);
}

int rm_vcpu_create(u64 id, u32 index, u64 mpidr, u32 *handle)
{
	struct rm_request request = {.type = RM_MSG_vcpu_create, .a = {id, index, mpidr}};
	struct rm_answer answer;
	int rc = rm_call(&request, &answer);

	if (!rc) {
		*handle = (u32)answer.a[0];
	}
	return rc;
}

/* A large VM goes in steps: the hypervisor wipes a bounded number of pages in one call. */
int rm_vm_destroy(u64 id)
{
	unsigned long deadline = jiffies + RM_TIMEOUT;
	struct rm_request request = {.type = RM_MSG_vm_destroy, .a = {id}};
	struct rm_answer answer;
	int rc;

	for (;;) {
		rc = rm_call(&request, &answer);
		if (rc != -EBUSY || time_after(jiffies, deadline)) {
			return rc;
		}
		cond_resched();
	}
}

static int rm_check_version(void)
{
	struct rm_request request = {.type = RM_MSG_version};
	struct rm_answer answer;
	int rc = rm_call(&request, &answer);

	if (rc) {
		pr_err("hyp: the resource manager does not answer: %d\n", rc);
		return rc;
	}
	if (answer.a[0] != RM_MSG_VERSION) {
		pr_err("hyp: the resource manager speaks version %llu, this module %u\n",
		       answer.a[0], RM_MSG_VERSION);
		return -EPROTO;
	}
	return 0;
}

int rm_start(u32 tx, u32 rx, unsigned int irq)
{
	unsigned long page = get_zeroed_page(GFP_KERNEL);
	int rc;

	BUILD_BUG_ON(sizeof(struct rm_request) > RM_MSG_BYTES);
	BUILD_BUG_ON(sizeof(struct rm_answer) > RM_MSG_BYTES);
	if (!page) {
		return -ENOMEM;
	}
	rm.out = (union rm_page *)page;
	rm.in = (struct rm_answer *)(page + PAGE_SIZE / 2);
	rm.tx = tx;
	rm.rx = rx;
	/* Sequence numbers of an earlier life of this module must not fit ours. */
	rm.seq = (u32)ktime_get_ns();
	rc = request_irq(irq, rm_interrupt, 0, "hyp-rm", &rm);
	if (rc) {
		goto free_page;
	}
	rc = errors_to_errno(hyp_msgq_bind(rx, RM_END_RECEIVE, main_intid(irq)).error);
	if (rc) {
		goto free_irq;
	}
	rm.up = true;
	rc = rm_check_version();
	if (rc) {
		goto unbind;
	}
	return 0;

unbind:
	rm.up = false;
	hyp_msgq_bind(rx, RM_END_RECEIVE, 0);
free_irq:
	free_irq(irq, &rm);
free_page:
	free_page(page);
	return rc;
}

void rm_stop(unsigned int irq)
{
	mutex_lock(&rm.lock);
	rm.up = false;
	mutex_unlock(&rm.lock);
	hyp_msgq_bind(rm.rx, RM_END_RECEIVE, 0);
	free_irq(irq, &rm);
	free_page((unsigned long)rm.out);
}
