# SPDX-License-Identifier: GPL-2.0-only
#
# hyp.ko: built by the kernel's own makefiles (external module) against Debian's headers in the sysroot. The kernel's
# build writes beside its sources, so it works on links to them in build/kernel-module/.

module-dir := $(O)/kernel-module
module-sources := $(wildcard kernel-module/*.[ch]) kernel-module/Kbuild
module-headers := $(wildcard include/hyp/*.h include/uapi/*.h)

$(module-dir)/hyp.ko: $(module-sources) $(module-headers) $(O)/sysroot.mk
	@$(say) KBUILD $@
	@rm -rf $(module-dir)/src && mkdir -p $(module-dir)/src
	@ln -s $(foreach f,$(module-sources),$(abspath $(f))) $(module-dir)/src/
	$(Q)env -u MAKEFLAGS -u MAKELEVEL $(MAKE) -s -C $(KERNEL_HEADERS) M=$(abspath $(module-dir)/src) W=1 -k \
		ARCH=arm64 CROSS_COMPILE=$(CROSS) HYP_INCLUDE=$(abspath include) modules \
		>$(module-dir)/log 2>&1 || { cat $(module-dir)/log >&2; exit 1; }
	$(Q)cp $(module-dir)/src/hyp.ko $@

all-y += $(module-dir)/hyp.ko
host-files-y += $(module-dir)/hyp.ko:/lib/hyp.ko
host-files-y += $(module-dir)/hyp.ko:/lib/hyp.ko

# tests/host/dev-hyp: one program that asks /dev/kvm and /dev/hyp the same questions, in the host VM.
dev-hyp-test := $(module-dir)/dev-hyp-test
dev-hyp-test-sources := $(wildcard tests/host/dev-hyp/*.[chS])

$(dev-hyp-test): $(dev-hyp-test-sources) include/uapi/hyp.h $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(CROSS)gcc --sysroot=$(SYSROOT) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -Iinclude -static \
		$(filter %.c %.S,$(dev-hyp-test-sources)) -o $@ -pthread

all-y += $(dev-hyp-test)
host-files-y += $(dev-hyp-test):/usr/bin/dev-hyp-test

# The logic that needs nothing of the kernel, on the build machine. Its types are arm64's KVM interface, so that one's
# <asm/kvm.h> comes before the build machine's.
module-pure := errors exit ioevent_match regid route slots vgic_attr
module-tests := slots regid exit devices wake
module-uapi := $(module-dir)/uapi
module-test-cflags := -std=gnu11 -O1 -g -Wall -Wextra -Werror -MMD -MP -D_GNU_SOURCE -I$(module-uapi) -Iinclude \
	-Ikernel-module -fsanitize=address,undefined -fno-sanitize-recover=all

$(module-uapi)/done: $(O)/sysroot.mk
	@mkdir -p $(@D)/asm
	$(Q)for f in kvm ptrace hwcap sve_context; do \
		cp $(SYSROOT)/usr/include/aarch64-linux-gnu/asm/$$f.h $(@D)/asm/; done
	@touch $@

$(module-dir)/unit/%.o: kernel-module/%.c $(module-uapi)/done
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(module-test-cflags) -c -o $@ $<

$(module-dir)/unit/test_%: tests/unit/module/test_%.c $(module-pure:%=$(module-dir)/unit/%.o)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(module-test-cflags) -o $@ $< $(module-pure:%=$(module-dir)/unit/%.o) -lcmocka

.SECONDARY: $(module-pure:%=$(module-dir)/unit/%.o)
check-unit-y += $(module-tests:%=$(module-dir)/unit/test_%)
-include $(wildcard $(module-dir)/unit/*.d)
check-boot-y += tests/boot/test_dev_hyp
bench-y += tests/host/dev-hyp/bench
