/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frame table. See frame.h. Two flat arrays over the span of the machine's memory: a frame for
 * each 4 KiB, and before it one for each 2 MiB, which speaks for all 512 unless it is MIXED. So
 * what happens to a huge page costs one entry, not 512.
 */
#include <stage2/frame.h>

#define BLOCK_PAGES (BLOCK_BYTES / PAGE_BYTES)
#define FRAME_MIXED 0xffu /* state, in blocks[] only: each frame speaks for itself */

static struct frame *blocks;
static struct frame *frames; /* meaningless where their block is not MIXED */
static u64 first_pfn;        /* of the table: a block's first */
static u64 nr_frames;        /* whole blocks */

struct spinlock mem_lock = SPINLOCK(LOCK_MEM);

static u64 span_blocks(u64 base, u64 bytes)
{
	return (ALIGN_UP(base + bytes, BLOCK_BYTES) - ALIGN_DOWN(base, BLOCK_BYTES)) / BLOCK_BYTES;
}

u64 frame_table_bytes(u64 base, u64 bytes)
{
	return span_blocks(base, bytes) * (BLOCK_PAGES + 1) * sizeof(struct frame);
}

void frame_init(void *table, u64 base, u64 bytes)
{
	u64 nr_blocks = span_blocks(base, bytes);

	blocks = table;
	frames = blocks + nr_blocks;
	first_pfn = ALIGN_DOWN(base, BLOCK_BYTES) >> PAGE_SHIFT;
	nr_frames = nr_blocks * BLOCK_PAGES;
}

void frame_declare(u64 base, u64 bytes, vmid_t owner)
{
	u64 first = ALIGN_UP(base, PAGE_BYTES);
	u64 end = ALIGN_DOWN(base + bytes, PAGE_BYTES);

	if (first < end) {
		frame_set(pa_init(first), (end - first) >> PAGE_SHIFT,
			  (struct frame){owner, INVALID_VMID, FRAME_OWNED, 0});
	}
}

static bool is_same(struct frame a, struct frame b)
{
	return __builtin_memcmp(&a, &b, sizeof(a)) == 0;
}

/* Of nr frames from index on, how many lie in index's block. */
static u64 rest_of_block(u64 index, u64 nr)
{
	u64 rest = BLOCK_PAGES - index % BLOCK_PAGES;

	return nr < rest ? nr : rest;
}

struct frame frame_get(paddr_t pa)
{
	u64 index = (pa.pa >> PAGE_SHIFT) - first_pfn; /* wraps below the table */

	if (index >= nr_frames) {
		return (struct frame){.state = FRAME_NONE};
	}
	if (blocks[index / BLOCK_PAGES].state != FRAME_MIXED) {
		return blocks[index / BLOCK_PAGES];
	}
	return frames[index];
}

/* How many of the nr frames from index on, all in one block, are value. */
static u64 run_in_block(u64 index, u64 nr, struct frame value)
{
	struct frame block = blocks[index / BLOCK_PAGES];
	u64 run = 0;

	if (block.state != FRAME_MIXED) {
		return is_same(block, value) ? nr : 0;
	}
	while (run < nr && is_same(frames[index + run], value)) {
		run++;
	}
	return run;
}

u64 frame_run(paddr_t pa, u64 nr_pages, struct frame *frame)
{
	u64 pfn = pa.pa >> PAGE_SHIFT;
	u64 index = pfn - first_pfn;
	u64 run = 0;
	u64 part;
	u64 alike;

	*frame = frame_get(pa);
	if (index >= nr_frames) {
		return pfn < first_pfn && first_pfn - pfn < nr_pages ? first_pfn - pfn : nr_pages;
	}
	if (nr_pages == 1) {
		return 1;
	}
	do {
		part = rest_of_block(index + run, nr_pages - run);
		alike = run_in_block(index + run, part, *frame);
		run += alike;
	} while (alike == part && run < nr_pages && index + run < nr_frames);
	return run;
}

static void mix_block(u64 block)
{
	struct frame value = blocks[block];

	if (value.state == FRAME_MIXED) {
		return;
	}
	for (u64 i = 0; i < BLOCK_PAGES; i++) {
		frames[block * BLOCK_PAGES + i] = value;
	}
	blocks[block].state = FRAME_MIXED;
}

/* Part of a block. The block speaks for all again once they are alike; ranges mostly grow from one
 * end to the other, so a look at both ends says when it is worth looking at the rest. */
static void set_in_block(u64 index, u64 nr, struct frame value)
{
	u64 first = ALIGN_DOWN(index, BLOCK_PAGES);

	mix_block(index / BLOCK_PAGES);
	for (u64 i = 0; i < nr; i++) {
		frames[index + i] = value;
	}
	if (is_same(frames[first], value) && is_same(frames[first + BLOCK_PAGES - 1], value) &&
	    run_in_block(first, BLOCK_PAGES, value) == BLOCK_PAGES) {
		blocks[index / BLOCK_PAGES] = value;
	}
}

void frame_set(paddr_t pa, u64 nr_pages, struct frame value)
{
	u64 index = (pa.pa >> PAGE_SHIFT) - first_pfn;

	while (nr_pages) {
		u64 part = rest_of_block(index, nr_pages);

		if (part == BLOCK_PAGES) {
			blocks[index / BLOCK_PAGES] = value;
		} else {
			set_in_block(index, part, value);
		}
		index += part;
		nr_pages -= part;
	}
}

bool frame_all(paddr_t pa, u64 nr_pages, vmid_t owner, enum frame_state state)
{
	for (u64 done = 0; done < nr_pages;) {
		struct frame frame;

		done += frame_run(pa_add(pa, done << PAGE_SHIFT), nr_pages - done, &frame);
		if (frame.owner != owner || frame.state != state) {
			return false;
		}
	}
	return true;
}

bool frame_none(paddr_t pa, u64 nr_pages)
{
	for (u64 done = 0; done < nr_pages;) {
		struct frame frame;

		done += frame_run(pa_add(pa, done << PAGE_SHIFT), nr_pages - done, &frame);
		if (frame.state != FRAME_NONE) {
			return false;
		}
	}
	return true;
}
