# SPDX-License-Identifier: BSD-3-Clause
#
# Kernels, initial file systems and disks: of the host VM, of guests, and the boot file systems that carry them.
#
# A boot file system (esp-*.img) has the same files in each variant; only what the firmware starts differs:
#   esp-shim.img   hyp.efi with hyp.conf and the resource manager: Linux becomes the host VM
#   esp-kvm.img    systemd-boot: the same Linux gets EL2 for itself
#   esp-nvhe.img   the same, but only KVM's own part stays at EL2 (benchmarks; made when they run)

images  := $(O)/images
all-y   += $(images)/esp-shim.img $(images)/esp-kvm.img

# The sources of a list of SOURCE:TARGET pairs.
sources  = $(foreach pair,$(1),$(firstword $(subst :, ,$(pair))))

mkinitrd        := guest-images/mkinitrd
debian-modules   = --sysroot $(SYSROOT) --release $(KERNEL_RELEASE) --modules
busybox         := $(SYSROOT)/bin/busybox:/bin/busybox

host-files-y += guest-images/host-init:/init guest-images/init-common:/lib/init-common \
	$(O)/qemu-test-harness/harness-agent:/usr/bin/harness-agent
boot-files-y += $(images)/Image:Image $(images)/host-initrd:initrd $(images)/initrd:guest/initrd \
	$(images)/Image:guest/Image $(images)/Image.small:guest/Image.small \
	$(images)/disk.img:guest/disk.img
kvm-files-y  += $(SYSROOT)/usr/lib/systemd/boot/efi/systemd-bootaa64.efi:EFI/BOOT/BOOTAA64.EFI \
	guest-images/systemd-boot/loader.conf:loader/loader.conf \
	guest-images/systemd-boot/host.conf:loader/entries/host.conf
nvhe-files-y  = $(subst /host.conf:,/host-nvhe.conf:,$(kvm-files-y))
shim-files-y += guest-images/hyp.conf:hyp.conf

$(SYSROOT)/%: $(O)/sysroot.mk ;

$(images)/Image: $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) COPY $@
	$(Q)cp $(SYSROOT)/boot/vmlinuz-$(KERNEL_RELEASE) $@

guest-files := guest-images/guest-init:/init guest-images/init-common:/lib/init-common

$(images)/initrd: $(mkinitrd) guest-images/guest.modules $(call sources,$(guest-files)) $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) INITRD $@
	$(Q)$(mkinitrd) -o $@ $(debian-modules) guest-images/guest.modules $(busybox) $(guest-files)

# The host VM's is two archives in one file: Debian's programs and modules, and ours, which change with every build.
$(images)/host-debian.cpio: $(mkinitrd) guest-images/host.modules $(O)/sysroot.mk
	@mkdir -p $(@D)
	@$(say) INITRD $@
	$(Q)$(mkinitrd) -o $@ $(debian-modules) guest-images/host.modules $(busybox)

# Parts that are included later still add to these lists.
.SECONDEXPANSION:
$(images)/host-initrd: $(images)/host-debian.cpio $(mkinitrd) $$(call sources,$$(host-files-y))
	@$(say) INITRD $@
	$(Q)$(mkinitrd) -o $@.own $(host-files-y)
	$(Q)cat $< $@.own >$@ && rm $@.own

$(images)/esp-%.img: guest-images/mkesp $$(call sources,$$(boot-files-y) $$($$*-files-y))
	@$(say) ESP $@
	$(Q)guest-images/mkesp $@ $(boot-files-y) $($*-files-y)

# What a guest writes to: an empty ext4 file system.
$(images)/disk.img: guest-images/build.mk
	@mkdir -p $(@D)
	@$(say) DISK $@
	$(Q)rm -f $@ && truncate -s 64M $@
	$(Q)mke2fs -q -t ext4 -L guest $@

$(images)/Image.small: guest-images/mksmall guest-images/small.config | $(O)/sysroot.mk
	@mkdir -p $(@D)
	$(Q)CROSS=$(CROSS) guest-images/mksmall $(O) $@
