/* SPDX-License-Identifier: BSD-3-Clause */
/* Handle tables. See handle.h. */
#include <core/handle.h>
#include <core/vm.h>
#include <hyp/error.h>

void *handle_get(struct vm *vm, u64 handle, enum hyp_object_type type, u32 rights, int *error)
{
	const struct handle *entry;

	if (handle == HYP_HANDLE_INVALID || handle >= HANDLE_MAX) {
		*error = HYP_E_HANDLE;
		return NULL;
	}
	entry = &vm->handles.entries[handle];
	if (entry->type != type || !entry->object) {
		*error = HYP_E_HANDLE;
		return NULL;
	}
	if ((entry->rights & rights) != rights) {
		*error = HYP_E_RIGHT;
		return NULL;
	}
	*error = HYP_OK;
	return entry->object;
}

void handle_put_at(struct vm *vm, u32 handle, enum hyp_object_type type, void *object, u32 rights)
{
	vm->handles.entries[handle] = (struct handle){(u8)type, (u16)rights, object};
}

int handle_put(struct vm *vm, enum hyp_object_type type, void *object, u32 rights)
{
	for (u32 i = HYP_HANDLE_PLATFORM + 1; i < HANDLE_MAX; i++) {
		if (vm->handles.entries[i].type == HYP_OBJECT_NONE) {
			handle_put_at(vm, i, type, object, rights);
			return (int)i;
		}
	}
	return HYP_E_LIMIT;
}

void handle_delete(struct vm *vm, u32 handle)
{
	vm->handles.entries[handle] = (struct handle){HYP_OBJECT_NONE, 0, NULL};
}

u32 handle_revoke(const void *object, const struct vm *except_vm, u32 keep)
{
	u32 nr = 0;

	for (u32 id = VMID_RM; id < MAX_VMS; id++) {
		struct vm *vm = vm_by_id((vmid_t)id);

		for (u32 i = 1; vm && i < HANDLE_MAX; i++) {
			if (vm->handles.entries[i].object == object &&
			    !(vm == except_vm && i == keep)) {
				handle_delete(vm, i);
				nr++;
			}
		}
	}
	return nr;
}
