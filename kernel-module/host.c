// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctls about the system as a whole: what <uapi/hyp.h> adds to KVM's.
 *
 * The hypervisor's log and traces and the VMs' consoles tell about every VM, so they need the privilege that dmesg needs
 * (CAP_SYSLOG); numbers and the ledger do not name secrets, but names of VMs: CAP_SYS_ADMIN or the
 * permissions of /dev/hyp are enough for those.
 */
#include <linux/capability.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <uapi/hyp.h>
#include "errors.h"
#include "module.h"

/* Reads at most a page from one of the hypervisor's rings; results as of LOG_READ. */
typedef struct hyp_result (*host_reader_t)(u64 which, u64 cursor, u64 ipa, u64 bytes);

static struct hyp_result host_read_log_page(u64 unused, u64 cursor, u64 ipa, u64 bytes)
{
	return hyp_log_read(cursor, ipa, bytes);
}

static struct hyp_result host_read_trace_page(u64 cpu, u64 cursor, u64 ipa, u64 bytes)
{
	return hyp_trace_read(cpu, cursor, ipa, bytes);
}

static struct hyp_result host_read_console_page(u64 vm_id, u64 cursor, u64 ipa, u64 bytes)
{
	return hyp_console_read(vm_id, cursor, ipa, bytes);
}

/* Copies from *cursor on into the user's buffer until that is full or nothing is left. */
static int host_read(host_reader_t read, u64 which, __u64 *cursor, u64 buf, __u64 *len)
{
	void *page = (void *)__get_free_page(GFP_KERNEL);
	u64 done = 0;
	int rc = 0;

	if (!page) {
		return -ENOMEM;
	}
	while (done < *len && !fatal_signal_pending(current)) {
		u64 bytes = min_t(u64, *len - done, PAGE_SIZE);
		struct hyp_result result =
			PATIENTLY(read(which, *cursor, virt_to_phys(page), bytes));

		rc = errors_to_errno(result.error);
		if (rc || !result.v[1]) {
			break;
		}
		bytes = min_t(u64, bytes, result.v[1]);
		if (copy_to_user(u64_to_user_ptr(buf + done), page, bytes)) {
			rc = -EFAULT;
			break;
		}
		*cursor = result.v[0];
		done += bytes;
		cond_resched();
	}
	*len = done;
	free_page((unsigned long)page);
	return done ? 0 : rc;
}

static int host_read_log(unsigned long arg)
{
	struct hyp_log log;
	int rc;

	if (!capable(CAP_SYSLOG)) {
		return -EPERM;
	}
	rc = COPY_IN(log, arg);
	if (!rc) {
		rc = host_read(host_read_log_page, 0, &log.cursor, log.buf, &log.len);
	}
	return rc ? rc : COPY_OUT(arg, log);
}

static int host_read_trace(unsigned long arg)
{
	struct hyp_trace_read trace;
	int rc;

	if (!capable(CAP_SYSLOG)) {
		return -EPERM;
	}
	rc = COPY_IN(trace, arg);
	if (!rc) {
		rc = host_read(host_read_trace_page, trace.cpu, &trace.cursor, trace.buf,
			       &trace.len);
	}
	return rc ? rc : COPY_OUT(arg, trace);
}

static int host_set_trace(unsigned long arg)
{
	return capable(CAP_SYSLOG) ? errors_to_errno(hyp_trace_set(arg).error) : -EPERM;
}

static int host_read_console(unsigned long arg)
{
	struct hyp_console console;
	int rc;

	if (!capable(CAP_SYSLOG)) {
		return -EPERM;
	}
	rc = COPY_IN(console, arg);
	if (!rc && console.pad) {
		rc = -EINVAL;
	}
	if (!rc) {
		rc = host_read(host_read_console_page, console.vm_id, &console.cursor,
			       console.buf, &console.len);
	}
	return rc ? rc : COPY_OUT(arg, console);
}

static int host_sys_info(unsigned long arg)
{
	struct hyp_sys_info info;
	struct hyp_result result;
	int rc = COPY_IN(info, arg);

	if (rc) {
		return rc;
	}
	result = hyp_sys_info(info.what);
	if (result.error) {
		return errors_to_errno(result.error);
	}
	info.value = result.v[0];
	return COPY_OUT(arg, info);
}

static int host_ledger(unsigned long arg)
{
	struct rm_request request = {.type = RM_MSG_ledger};
	struct rm_answer answer;
	struct hyp_ledger_row row;
	int rc = COPY_IN(row, arg);

	if (rc) {
		return rc;
	}
	request.a[0] = row.index;
	rc = rm_call(&request, &answer);
	if (rc) {
		/* Past the last row. */
		return rc == -ETIMEDOUT ? rc : -ENOENT;
	}
	row.vm_id = (u32)answer.a[0];
	row.pool_pages = answer.a[1];
	row.pool_free = answer.a[2];
	row.mem_pages = answer.a[3];
	row.vcpus = (u32)answer.a[4];
	row.irqs = (u32)answer.a[5];
	BUILD_BUG_ON(sizeof(row.name) != sizeof(answer.name));
	memcpy(row.name, answer.name, sizeof(row.name));
	row.name[sizeof(row.name) - 1] = '\0';
	return COPY_OUT(arg, row);
}

long host_ioctl(unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case HYP_LOG_READ:
		return host_read_log(arg);
	case HYP_TRACE_READ:
		return host_read_trace(arg);
	case HYP_TRACE_SET:
		return host_set_trace(arg);
	case HYP_CONSOLE_READ:
		return host_read_console(arg);
	case HYP_SYS_INFO:
		return host_sys_info(arg);
	case HYP_LEDGER:
		return host_ledger(arg);
	default:
		return -ENOTTY;
	}
}
