// SPDX-License-Identifier: BSD-3-Clause
/* System ioctls: version, capabilities, what a VM may be. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <hyp/calls.h>
#include <hyp/trace.h>
#include <uapi/hyp.h>
#include "dev_hyp.h"

static void test_version(void)
{
	CHECK_EQ(ioctl(dev_fd, KVM_GET_API_VERSION, 0), 12);
	CHECK_ERRNO(ioctl(dev_fd, KVM_GET_API_VERSION, 1), EINVAL);
	CHECK(ioctl(dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0) >= (int)sizeof(struct kvm_run));
	CHECK(ioctl(dev_fd, _IO(KVMIO, 0xff), 0) < 0);
}

static void test_extensions(void)
{
	static const unsigned int needed[] = {
		KVM_CAP_USER_MEMORY,   KVM_CAP_DESTROY_MEMORY_REGION_WORKS,
		KVM_CAP_READONLY_MEM,  KVM_CAP_JOIN_MEMORY_REGIONS_WORKS,
		KVM_CAP_ONE_REG,       KVM_CAP_MP_STATE,
		KVM_CAP_IRQCHIP,       KVM_CAP_DEVICE_CTRL,
		KVM_CAP_ARM_PSCI_0_2,  KVM_CAP_IMMEDIATE_EXIT,
		KVM_CAP_IRQFD,         KVM_CAP_IOEVENTFD,
		KVM_CAP_IRQ_ROUTING,   KVM_CAP_NR_MEMSLOTS,
		KVM_CAP_NR_VCPUS,      KVM_CAP_MAX_VCPUS,
		KVM_CAP_ENABLE_CAP_VM, KVM_CAP_CHECK_EXTENSION_VM,
	};
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (ioctl(dev_fd, KVM_CHECK_EXTENSION, needed[i]) <= 0) {
			test_fail(__FILE__, __LINE__, "capability %u is missing", needed[i]);
		}
	}
	CHECK_EQ(ioctl(dev_fd, KVM_CHECK_EXTENSION, 0x7fffffff), 0);
	CHECK_EQ(ioctl(dev_fd, KVM_CHECK_EXTENSION, HYP_CAP_HYP) > 0, dev_is_hyp);
}

static void test_create_vm(void)
{
	int bits = ioctl(dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	int fd;

	CHECK(bits >= 32);
	CHECK_OK(fd = ioctl(dev_fd, KVM_CREATE_VM, 0));
	close(fd);
	CHECK_OK(fd = ioctl(dev_fd, KVM_CREATE_VM, bits));
	close(fd);
	CHECK_ERRNO(ioctl(dev_fd, KVM_CREATE_VM, bits + 1), EINVAL);
	CHECK_ERRNO(ioctl(dev_fd, KVM_CREATE_VM, 12), EINVAL);
	CHECK_ERRNO(ioctl(dev_fd, KVM_CREATE_VM, 1ul << 40), EINVAL);
}

static void test_vm_ioctls(void)
{
	struct kvm_enable_cap cap = {.cap = 0x7fffffff};
	struct kvm_vcpu_init init;
	struct vm vm;

	vm_make_empty(&vm);
	CHECK(ioctl(vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY) == 1);
	CHECK_OK(ioctl(vm.fd, KVM_ARM_PREFERRED_TARGET, &init));
	CHECK_ERRNO(ioctl(vm.fd, KVM_ENABLE_CAP, &cap), EINVAL);
	CHECK_ERRNO(ioctl(vm.fd, KVM_ENABLE_CAP, NULL), EFAULT);
	CHECK(ioctl(vm.fd, _IO(KVMIO, 0xff), 0) < 0);
	vm_free(&vm);
}

static void test_hyp_info(void)
{
	struct hyp_sys_info info = {.what = 3}; /* HYP_INFO_NR_CORES */
	struct hyp_ledger_row row = {.index = 0};
	char text[256];
	struct hyp_log log = {.buf = (uintptr_t)text, .len = sizeof(text)};

	if (!dev_is_hyp) {
		test_skip("not /dev/hyp");
	}
	CHECK_OK(ioctl(dev_fd, HYP_SYS_INFO, &info));
	CHECK(info.value >= 1);
	info.what = 0xffff;
	CHECK_ERRNO(ioctl(dev_fd, HYP_SYS_INFO, &info), EINVAL);
	CHECK_OK(ioctl(dev_fd, HYP_LOG_READ, &log));
	CHECK(log.len > 0 && log.len <= sizeof(text));
	CHECK_OK(ioctl(dev_fd, HYP_LEDGER, &row));
	row.index = 0xffffffff;
	CHECK_ERRNO(ioctl(dev_fd, HYP_LEDGER, &row), ENOENT);
	log.buf = 8;
	log.len = 100;
	log.cursor = 0;
	CHECK_ERRNO(ioctl(dev_fd, HYP_LOG_READ, &log), EFAULT);
}

/* Off, as at boot; on, each core notes what brings it into EL2, calls by name. */
static void test_trace(void)
{
	static struct trace_record records[512];
	struct hyp_trace_read read = {.buf = (uintptr_t)records};
	size_t nr_calls = 0;
	uint64_t after;

	if (!dev_is_hyp) {
		test_skip("not /dev/hyp");
	}
	CHECK_ERRNO(ioctl(dev_fd, HYP_TRACE_SET, 2), EINVAL);
	CHECK_OK(ioctl(dev_fd, HYP_TRACE_SET, 1));
	CHECK_OK(ioctl(dev_fd, HYP_TRACE_SET, 0));
	for (;; read.cpu++) {
		read.len = sizeof(records);
		read.cursor = 0;
		if (ioctl(dev_fd, HYP_TRACE_READ, &read) < 0) {
			CHECK_EQ(errno, EINVAL);
			break;
		}
		for (size_t i = 0; i < read.len / sizeof(records[0]); i++) {
			nr_calls += records[i].event == TRACE_CALL &&
				    records[i].a == HYP_CALL_BASE + HYP_CALL_trace_set;
		}
	}
	CHECK_EQ(nr_calls, 1);
	CHECK(read.cpu >= 1);
	read.cpu = 0;
	read.len = sizeof(records);
	CHECK_OK(ioctl(dev_fd, HYP_TRACE_READ, &read));
	after = read.cursor;
	read.len = sizeof(records);
	CHECK_OK(ioctl(dev_fd, HYP_TRACE_READ, &read));
	CHECK_EQ(read.len, 0);
	CHECK_EQ(read.cursor, after);
}

const struct test tests_system[] = {
	{"version", test_version},
	{"extensions", test_extensions},
	{"create_vm", test_create_vm},
	{"vm_ioctls", test_vm_ioctls},
	{"hyp_info", test_hyp_info},
	{"trace", test_trace},
	{},
};
