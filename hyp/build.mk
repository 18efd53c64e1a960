# SPDX-License-Identifier: BSD-3-Clause
include hyp/efi/build.mk
