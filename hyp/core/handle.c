/* SPDX-License-Identifier: BSD-3-Clause */
/* Handle tables. See handle.h. */
#include <core/handle.h>
#include <core/log.h>
#include <core/vm.h>
#include <hyp/error.h>

#define TYPE_SHIFT 9
#define TYPE_BITS  MASK(11, TYPE_SHIFT)
#define OBJECT     MASK(63, 12)

_Static_assert(HYP_RIGHT_ALL < BIT(TYPE_SHIFT) && HYP_OBJECT_MSGQ < 8, "one word");
_Static_assert(MAX_HANDLES * sizeof(u64) == PAGE_BYTES, "one page");

static u64 pack(enum hyp_object_type type, void *object, u32 rights)
{
	return (u64)object | (u64)type << TYPE_SHIFT | rights;
}

static struct handle unpack(u64 word)
{
	return (struct handle){
		.type = (enum hyp_object_type)((word & TYPE_BITS) >> TYPE_SHIFT),
		.rights = (u32)word & HYP_RIGHT_ALL,
		.object = (void *)(word & OBJECT),
	};
}

int handle_read(struct vm *vm, u64 handle, struct handle *out)
{
	u64 word;

	if (handle == HYP_HANDLE_INVALID || handle >= MAX_HANDLES) {
		return HYP_E_HANDLE;
	}
	/* Pairs with handle_put_at(): the object was complete before. */
	word = atomic_load_explicit(&vm->handles.entries[handle], memory_order_acquire);
	*out = unpack(word);
	return word ? HYP_OK : HYP_E_HANDLE;
}

void *handle_get(struct vm *vm, u64 handle, enum hyp_object_type type, u32 rights, int *error)
{
	struct handle found;

	*error = handle_read(vm, handle, &found);
	if (!*error && found.type != type) {
		*error = HYP_E_HANDLE;
	}
	if (!*error && (found.rights & rights) != rights) {
		*error = HYP_E_RIGHT;
	}
	return *error ? NULL : found.object;
}

void handle_put_at(struct vm *vm, u32 handle, enum hyp_object_type type, void *object, u32 rights)
{
	BUG_ON(!IS_ALIGNED((u64)object, PAGE_BYTES));
	atomic_store_explicit(&vm->handles.entries[handle], pack(type, object, rights),
			      memory_order_release);
}

static u32 free_slot(const struct vm *vm)
{
	u32 i = HYP_HANDLE_PLATFORM + 1;

	while (i < MAX_HANDLES && atomic_load(&vm->handles.entries[i])) {
		i++;
	}
	return i;
}

bool handle_has_room(const struct vm *vm)
{
	return free_slot(vm) < MAX_HANDLES;
}

int handle_put(struct vm *vm, enum hyp_object_type type, void *object, u32 rights)
{
	u32 slot = free_slot(vm);

	if (slot == MAX_HANDLES) {
		return HYP_E_LIMIT;
	}
	handle_put_at(vm, slot, type, object, rights);
	return (int)slot;
}

void handle_delete(struct vm *vm, u32 handle)
{
	atomic_store(&vm->handles.entries[handle], 0);
}

u32 handle_revoke(const void *object, const struct vm *except_vm, u32 keep)
{
	u32 nr = 0;

	for (u32 id = VMID_RM; id < MAX_VMS; id++) {
		struct vm *vm = vm_by_id((vmid_t)id);

		for (u32 i = HYP_HANDLE_PLATFORM + 1; vm && i < MAX_HANDLES; i++) {
			if (unpack(atomic_load(&vm->handles.entries[i])).object == object &&
			    !(vm == except_vm && i == keep)) {
				handle_delete(vm, i);
				nr++;
			}
		}
	}
	return nr;
}
