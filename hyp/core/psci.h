/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI 1.1 (DEN0022) for VMs. Every VM manages its own vCPUs; what concerns the machine
 * (SYSTEM_OFF and so on) the host alone may do, by way of the firmware; what the firmware does not
 * offer, the host is not offered. A guest's goes to whoever runs it.
 */
#ifndef CORE_PSCI_H
#define CORE_PSCI_H

#include <core/vcpu.h>

#define PSCI_VERSION           0x84000000u
#define PSCI_CPU_SUSPEND       0x84000001u
#define PSCI_CPU_OFF           0x84000002u
#define PSCI_CPU_ON            0x84000003u
#define PSCI_AFFINITY_INFO     0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF        0x84000008u
#define PSCI_SYSTEM_RESET      0x84000009u
#define PSCI_FEATURES          0x8400000au
#define PSCI_SYSTEM_SUSPEND    0x8400000eu
#define PSCI_SYSTEM_RESET2     0x84000012u
#define PSCI_LAST              0x8400001fu
#define PSCI_64BIT             0x40000000u

#define PSCI_SUCCESS       0
#define PSCI_NOT_SUPPORTED -1
#define PSCI_INVALID       -2
#define PSCI_DENIED        -3
#define PSCI_ALREADY_ON    -4
#define PSCI_ON_PENDING    -5
#define PSCI_INTERNAL      -6

/* A call in PSCI's range, function in x0. Returns the vCPU to enter next. */
struct vcpu *psci_call(struct vcpu *vcpu);

/* The host's vCPU made SYSTEM_SUSPEND, and the machine has woken: it starts where it said. */
void psci_resume(struct vcpu *vcpu);

#endif
