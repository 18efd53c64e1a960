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
