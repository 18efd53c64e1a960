# SPDX-License-Identifier: BSD-3-Clause
#
# Top of the build. Every part lists its own files in <part>/build.mk, which this file includes;
# everything generated goes to build/. Run `make help` for the targets.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

O       := build
CROSS   ?= aarch64-linux-gnu-
HOSTCC  ?= gcc
SYSROOT := $(O)/sysroot
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),:,printf '  %-8s%s\n')

# Each part appends to these.
all-y        :=	# files that `make all` builds
check-unit-y :=	# host programs: print cmocka output or "PASS|FAIL|SKIP: name" lines
check-boot-y :=	# scripts that boot something under QEMU and print such lines
bench-y      :=	# programs that print and record benchmark rows

include $(wildcard */build.mk)

.PHONY: all help
all: $(all-y)

help:
	@echo 'Targets:'
	@echo '  all      build every part'

clean:
	rm -rf $(O)
.PHONY: clean
