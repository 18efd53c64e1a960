// SPDX-License-Identifier: BSD-3-Clause
/*
 * accel_list_arm64.c: the accelerators of the arm64 program, in the order `auto` tries them.
 */
#include "accel_kvm.h"

const struct accel_ops *const accel_list[] = {&accel_shim, &accel_kvm, NULL};
