# SPDX-License-Identifier: BSD-3-Clause
#
# The user-space VMM, built twice from one list: for the host VM (arm64, static, build/vmm/vmm) and for the machine that
# builds (build/vmm/native/vmm), where the translator in vmm/jit/ is its accelerator. Which accelerators
# a variant has is decided by the files it lists, not by conditionals in the code.

vmm-y :=
vmm-y += vmm/main.c
vmm-y += vmm/cmd_console.c
vmm-y += vmm/cmd_control.c
vmm-y += vmm/cmd_run.c
vmm-y += vmm/accel_select.c
vmm-y += vmm/bus.c
vmm-y += vmm/event.c
vmm-y += vmm/fdt_node.c
vmm-y += vmm/file.c
vmm-y += vmm/image.c
vmm-y += vmm/log.c
vmm-y += vmm/machine.c
vmm-y += vmm/machine_boot.c
vmm-y += vmm/machine_fdt.c
vmm-y += vmm/machine_vcpu.c
vmm-y += vmm/machine_virt.c
vmm-y += vmm/memory.c
vmm-y += vmm/sandbox.c
vmm-y += vmm/block/raw.c
vmm-y += vmm/chardev/chardev.c
vmm-y += vmm/chardev/keys.c
vmm-y += vmm/chardev/open.c
vmm-y += vmm/chardev/port.c
vmm-y += vmm/chardev/terminal.c
vmm-y += vmm/control/client.c
vmm-y += vmm/control/commands.c
vmm-y += vmm/control/path.c
vmm-y += vmm/control/server.c
vmm-y += vmm/devices/pci/function.c
vmm-y += vmm/devices/pci/host.c
vmm-y += vmm/devices/pci/msix.c
vmm-y += vmm/devices/pl011.c
vmm-y += vmm/devices/pl031.c
vmm-y += vmm/devices/primecell.c
vmm-y += vmm/devices/pvpanic.c
vmm-y += vmm/devices/virtio/blk.c
vmm-y += vmm/devices/virtio/console.c
vmm-y += vmm/devices/virtio/mmio.c
vmm-y += vmm/devices/virtio/pci.c
vmm-y += vmm/devices/virtio/ring.c
vmm-y += vmm/devices/virtio/transport.c
vmm-y += vmm/options/opt.c
vmm-y += vmm/options/run_options.c
vmm-y += vmm/options/run_parse.c
vmm-y += vmm/options/suggest.c

vmm-arm64-y := vmm/accel_list_arm64.c vmm/accel_kvm.c vmm/accel_kvm_vcpu.c

# vmm/jit/build.mk adds its sources, with accel_list, to vmm-jit-y.
vmm-jit-y :=
-include vmm/jit/build.mk

vmm-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -MMD -MP -Ivmm -Iinclude -D_GNU_SOURCE
vmm-libs   := -lfdt -ljson-c -lz -lseccomp -pthread

vmm-arm64-objects  := $(patsubst %.c,$(O)/vmm/arm64/%.o,$(vmm-y) $(vmm-arm64-y))
vmm-native-objects := $(patsubst %.c,$(O)/vmm/native/obj/%.o,$(vmm-y) $(vmm-jit-y))

all-y += $(O)/vmm/vmm
all-y += $(if $(vmm-jit-y),$(O)/vmm/native/vmm)
host-files-y += $(O)/vmm/vmm:/usr/bin/vmm

$(O)/vmm/vmm: $(vmm-arm64-objects)
	@$(say) LD $@
	$(Q)$(CROSS)gcc --sysroot=$(SYSROOT) -static -o $@ $^ $(vmm-libs)

$(O)/vmm/native/vmm: $(vmm-native-objects)
	@$(say) LD $@
	$(Q)$(HOSTCC) -o $@ $^ $(vmm-libs)

$(O)/vmm/arm64/%.o: %.c $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(CROSS)gcc --sysroot=$(SYSROOT) $(vmm-cflags) -c -o $@ $<

$(O)/vmm/native/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(vmm-cflags) -c -o $@ $<

# A unit test lists what it links, besides its own file, in vmm-test-<name>-y; add its name here.
vmm-tests :=
vmm-tests += options
vmm-test-options-y := vmm/options/opt.c vmm/options/suggest.c
vmm-tests += bus
vmm-test-bus-y := vmm/bus.c
vmm-tests += image
vmm-test-image-y := vmm/image.c vmm/file.c
vmm-tests += pci
vmm-test-pci-y := $(filter vmm/devices/pci/%,$(vmm-y)) vmm/fdt_node.c
vmm-tests += pl011
vmm-test-pl011-y := vmm/devices/pl011.c vmm/devices/primecell.c vmm/fdt_node.c
vmm-tests += ring
vmm-test-ring-y := vmm/devices/virtio/ring.c vmm/memory.c
vmm-tests += run_options
vmm-test-run_options-y := vmm/options/run_options.c vmm/options/run_parse.c vmm/options/opt.c vmm/options/suggest.c vmm/log.c
vmm-tests += virtio_blk
vmm-test-virtio_blk-y := vmm/devices/virtio/blk.c vmm/devices/virtio/mmio.c vmm/devices/virtio/ring.c \
	vmm/devices/virtio/transport.c vmm/block/raw.c vmm/memory.c vmm/fdt_node.c vmm/log.c vmm/sandbox.c vmm/chardev/terminal.c
vmm-tests += virtio_pci
vmm-test-virtio_pci-y := $(filter vmm/devices/pci/%,$(vmm-y)) vmm/devices/virtio/blk.c vmm/devices/virtio/pci.c \
	vmm/devices/virtio/ring.c vmm/devices/virtio/transport.c vmm/block/raw.c vmm/memory.c vmm/fdt_node.c \
	vmm/log.c vmm/sandbox.c vmm/chardev/terminal.c
vmm-tests += virtio_console
vmm-test-virtio_console-y := vmm/devices/virtio/console.c vmm/devices/virtio/mmio.c \
	vmm/devices/virtio/ring.c vmm/devices/virtio/transport.c vmm/memory.c vmm/fdt_node.c vmm/log.c
vmm-tests += chardev
vmm-test-chardev-y := $(filter vmm/chardev/%,$(vmm-y)) vmm/event.c vmm/log.c
vmm-tests += control
vmm-test-control-y := vmm/control/commands.c vmm/options/suggest.c vmm/chardev/terminal.c
vmm-tests += sandbox
vmm-test-sandbox-y := vmm/sandbox.c vmm/chardev/terminal.c vmm/log.c
vmm-tests += machine
vmm-test-machine-y := tests/unit/vmm/fake_accel.c vmm/bus.c vmm/event.c vmm/fdt_node.c vmm/file.c vmm/image.c \
	vmm/log.c vmm/memory.c vmm/sandbox.c $(filter vmm/machine%.c vmm/block/% vmm/chardev/% vmm/devices/%,$(vmm-y))

vmm-test-cflags := $(vmm-cflags) -fsanitize=address,undefined -fno-sanitize-recover=all
vmm-test-programs := $(vmm-tests:%=$(O)/vmm/unit/test_%)

define vmm-test-rule
$(O)/vmm/unit/test_$(1): $(patsubst %.c,$(O)/vmm/unit/%.o,tests/unit/vmm/test_$(1).c $(vmm-test-$(1)-y))
	@$$(say) LD $$@
	$$(Q)$$(HOSTCC) $$(vmm-test-cflags) -o $$@ $$^ -lcmocka $$(vmm-libs)
endef
$(foreach t,$(vmm-tests),$(eval $(call vmm-test-rule,$(t))))

$(O)/vmm/unit/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(HOSTCC) $(vmm-test-cflags) -c -o $@ $<

check-unit-y += $(vmm-test-programs)

# Fuzzers: libFuzzer targets with the same sanitizers, built by clang; tests/fuzz/vmm/run runs them.
vmm-fuzzers := virtio pci image options
vmm-fuzz-virtio-y := vmm/devices/virtio/blk.c vmm/devices/virtio/console.c vmm/devices/virtio/mmio.c \
	vmm/devices/virtio/ring.c vmm/devices/virtio/transport.c vmm/block/raw.c vmm/memory.c vmm/fdt_node.c \
	vmm/log.c vmm/sandbox.c vmm/chardev/terminal.c
vmm-fuzz-pci-y := $(filter vmm/devices/pci/%,$(vmm-y)) vmm/devices/virtio/pci.c vmm/devices/virtio/ring.c \
	vmm/devices/virtio/transport.c vmm/memory.c vmm/fdt_node.c vmm/log.c
vmm-fuzz-image-y := vmm/file.c vmm/image.c
vmm-fuzz-options-y := vmm/options/opt.c vmm/options/suggest.c
vmm-fuzz-programs := $(vmm-fuzzers:%=$(O)/vmm/fuzz/fuzz_%)

define vmm-fuzz-rule
$(O)/vmm/fuzz/fuzz_$(1): $(patsubst %.c,$(O)/vmm/fuzz/obj/%.o,tests/fuzz/vmm/fuzz_$(1).c $(vmm-fuzz-$(1)-y))
	@$$(say) LD $$@
	$$(Q)clang -fsanitize=fuzzer,address,undefined -o $$@ $$^ $$(vmm-libs)
endef
$(foreach f,$(vmm-fuzzers),$(eval $(call vmm-fuzz-rule,$(f))))

$(O)/vmm/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)clang $(vmm-cflags) -Itests/unit/vmm -fno-sanitize-recover=all \
		-fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

# The runner counts as a test program; that it is a copy makes its fuzzers its prerequisites.
$(O)/vmm/fuzz/run: tests/fuzz/vmm/run $(vmm-fuzz-programs)
	$(Q)cp $< $@

check-unit-y += $(O)/vmm/fuzz/run
check-boot-y += tests/boot/test_vmm_kvm tests/boot/test_vmm_shim tests/boot/test_vmm_terminal

-include $(shell find $(O)/vmm -name '*.d' 2>/dev/null)
