/* SPDX-License-Identifier: BSD-3-Clause */
/* The frame table: a flat array over the span of the machine's memory. See frame.h. */
#include <stage2/frame.h>

static struct frame *frames;
static u64 frames_base;
static u64 nr_frames;

struct spinlock mem_lock = SPINLOCK(LOCK_MEM);

u64 frame_table_bytes(u64 base, u64 bytes)
{
	u64 first = base >> PAGE_SHIFT;
	u64 end = ALIGN_UP(base + bytes, PAGE_BYTES) >> PAGE_SHIFT;

	return (end - first) * sizeof(struct frame);
}

void frame_init(struct frame *table, u64 base, u64 bytes)
{
	frames = table;
	frames_base = ALIGN_DOWN(base, PAGE_BYTES);
	nr_frames = frame_table_bytes(base, bytes) / sizeof(struct frame);
}

void frame_declare(u64 base, u64 bytes, vmid_t owner)
{
	u64 end = ALIGN_DOWN(base + bytes, PAGE_BYTES);

	for (u64 pa = ALIGN_UP(base, PAGE_BYTES); pa < end; pa += PAGE_BYTES) {
		frames[(pa - frames_base) >> PAGE_SHIFT] =
			(struct frame){owner, INVALID_VMID, FRAME_OWNED, 0};
	}
}

struct frame *frame_get(paddr_t pa)
{
	u64 index = (pa.pa - frames_base) >> PAGE_SHIFT;

	if (pa.pa < frames_base || index >= nr_frames || frames[index].state == FRAME_NONE) {
		return NULL;
	}
	return &frames[index];
}

bool frame_all(paddr_t pa, u64 nr_pages, vmid_t owner, enum frame_state state)
{
	for (u64 i = 0; i < nr_pages; i++) {
		const struct frame *frame = frame_get(pa_add(pa, i * PAGE_BYTES));

		if (!frame || frame->owner != owner || frame->state != state) {
			return false;
		}
	}
	return true;
}

bool frame_none(paddr_t pa, u64 nr_pages)
{
	u64 first = pa.pa >> PAGE_SHIFT;
	u64 table_first = frames_base >> PAGE_SHIFT;
	u64 from = first > table_first ? first : table_first;
	u64 end = first + nr_pages;

	for (u64 pfn = from; pfn < end && pfn < table_first + nr_frames; pfn++) {
		if (frames[pfn - table_first].state != FRAME_NONE) {
			return false;
		}
	}
	return true;
}
