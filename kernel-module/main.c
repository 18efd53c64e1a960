// SPDX-License-Identifier: GPL-2.0-only
/*
 * hyp.ko: /dev/hyp, the host VM's way to run guests on the hypervisor below it.
 *
 * The device tree's /hypervisor node (binding: <hyp/rm_msg.h>) says that there is a hypervisor, and
 * which queues lead to the resource manager. The module speaks KVM's ioctls for arm64 to user space
 * and hypercalls to EL2; it keeps no policy and owns nothing but what processes gave it.
 *
 *   ioctl                      file            hypervisor / resource manager
 *   KVM_CREATE_VM              vm.c            RM: vm_create, vm_destroy
 *   KVM_SET_USER_MEMORY_REGION mem.c slots.c   mem_share, mem_lend, mem_reclaim
 *   KVM_CREATE_VCPU, KVM_RUN   vcpu.c run.c    RM: vcpu_create; vcpu_run
 *   KVM_{GET,SET}_ONE_REG      reg.c regid.c   vcpu_reg_*, vcpu_fpreg_*
 *   KVM_CREATE_DEVICE          vgic.c          vgic_config, vgic_reg_*
 *   KVM_IRQFD, KVM_IRQ_LINE    irqfd.c route.c irq_set
 *   KVM_IOEVENTFD              ioeventfd.c
 *   KVM_ARM_VCPU_PVTIME_CTRL   stolen.c
 *   HYP_CREATE_MEMORY          memfile.c
 *   HYP_*                      host.c          log_read, trace_*, sys_info; RM: ledger
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>

#include <uapi/hyp.h>

#include "errors.h"
#include "module.h"

u32 main_intid(unsigned int irq)
{
	return (u32)irqd_to_hwirq(irq_get_irq_data(irq));
}

static long main_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KVM_GET_API_VERSION:
		return arg ? -EINVAL : KVM_API_VERSION;
	case KVM_CREATE_VM:
		return vm_create(arg);
	case KVM_CHECK_EXTENSION:
		return caps_check(NULL, arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return arg ? -EINVAL : PAGE_SIZE;
	case HYP_CREATE_MEMORY:
		return memfile_create(arg);
	default:
		return host_ioctl(cmd, arg);
	}
}

static const struct file_operations main_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = main_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice main_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hyp",
	.fops = &main_fops,
	.mode = 0660,
};

/* Interrupts of the node, in the order of the binding. */
enum main_irq { MAIN_IRQ_RM, MAIN_IRQ_WAKE, MAIN_NR_IRQS };
static int main_irqs[MAIN_NR_IRQS];

static int main_check_abi(struct device *dev)
{
	struct hyp_result result = hyp_version();

	if (result.error) {
		dev_err(dev, "no hypervisor answers\n");
		return -ENODEV;
	}
	if (result.v[0] != HYP_CALL_ABI) {
		dev_err(dev, "the hypervisor's interface has version %lu, this module's %u\n",
			result.v[0], HYP_CALL_ABI);
		return -ENODEV;
	}
	return 0;
}

static int main_read_node(struct platform_device *pdev, u32 *tx, u32 *rx, u32 *doorbell)
{
	struct device_node *node = pdev->dev.of_node;
	unsigned int i;

	if (of_property_read_u32(node, "armhyp,rm-tx", tx) ||
	    of_property_read_u32(node, "armhyp,rm-rx", rx) ||
	    of_property_read_u32(node, "armhyp,wake", doorbell)) {
		dev_err(&pdev->dev, "the device tree lacks a handle\n");
		return -EINVAL;
	}
	for (i = 0; i < MAIN_NR_IRQS; i++) {
		main_irqs[i] = platform_get_irq(pdev, i);
		if (main_irqs[i] < 0) {
			return main_irqs[i];
		}
	}
	return 0;
}

static int main_probe(struct platform_device *pdev)
{
	u32 doorbell;
	u32 tx;
	u32 rx;
	int rc;

	rc = main_check_abi(&pdev->dev);
	if (!rc) {
		rc = main_read_node(pdev, &tx, &rx, &doorbell);
	}
	if (!rc) {
		rc = irqfd_module_init();
	}
	if (rc) {
		return rc;
	}
	rc = wake_start(doorbell, main_irqs[MAIN_IRQ_WAKE]);
	if (rc) {
		goto exit_irqfd;
	}
	rc = rm_start(tx, rx, main_irqs[MAIN_IRQ_RM]);
	if (rc) {
		goto stop_wake;
	}
	rc = misc_register(&main_device);
	if (rc) {
		goto stop_rm;
	}
	return 0;

stop_rm:
	rm_stop(main_irqs[MAIN_IRQ_RM]);
stop_wake:
	wake_stop(main_irqs[MAIN_IRQ_WAKE]);
exit_irqfd:
	irqfd_module_exit();
	return rc;
}

/* Open files hold the module, so no VM is left. */
static int main_remove(struct platform_device *pdev)
{
	misc_deregister(&main_device);
	rm_stop(main_irqs[MAIN_IRQ_RM]);
	wake_stop(main_irqs[MAIN_IRQ_WAKE]);
	irqfd_module_exit();
	return 0;
}

static const struct of_device_id main_match[] = {
	{.compatible = "armhyp,hypervisor"},
	{},
};
MODULE_DEVICE_TABLE(of, main_match);

static struct platform_driver main_driver = {
	.probe = main_probe,
	.remove = main_remove,
	.driver = {
		.name = "hyp",
		.of_match_table = main_match,
		.suppress_bind_attrs = true, /* VMs may be running */
	},
};
module_platform_driver(main_driver);

MODULE_DESCRIPTION("Runs guests on the hypervisor below Linux");
MODULE_LICENSE("GPL");
