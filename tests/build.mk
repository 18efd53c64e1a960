# SPDX-License-Identifier: BSD-3-Clause
# Tests that belong to no single part. (Unit tests are listed by the part they test.)

check-unit-y += tests/style/check
check-boot-y += tests/boot/test_harness
check-boot-y += tests/boot/test_guest_images
check-boot-y += tests/boot/test_matrix
bench-y += tests/perf/hyp
check-boot-y += tests/boot/test_gic_guest
check-boot-y += tests/boot/test_bare_host
check-boot-y += tests/boot/test_qemu
check: $(O)/tests/qemu.img

# Debian's QEMU for the host VM: a download of 36 MB.
$(O)/tests/qemu.img: tests/jit/mkprograms tests/boot/qemu/packages.txt $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) DISK $@
	$(Q)tests/jit/mkprograms $(O) $@ tests/boot/qemu/packages.txt

include tests/unit/vgic/build.mk
include tests/guest/build.mk
include tests/unit/hyp/build.mk
