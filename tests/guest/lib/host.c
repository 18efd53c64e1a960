/* SPDX-License-Identifier: BSD-3-Clause */
/* See host.h. */
#include "host.h"

#define FDT_BEGIN_NODE 1u
#define FDT_END_NODE   2u
#define FDT_PROP       3u
#define FDT_NOP        4u
#define BLOCK_BYTES    0x200000ull
#define MAX_TRIES      512u

extern const u8 *guest_dtb;
extern char image_end[];

u64 host_rm_tx, host_rm_rx;

static u32 be32(const u8 *at)
{
	return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

static bool same(const char *a, const char *b)
{
	while (*a != 0 && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Devicetree Specification 0.4, chapter 5: the structure block is words, and names in nodes. */
const u8 *host_property(const char *name, u32 *bytes)
{
	const u8 *at = guest_dtb + be32(guest_dtb + 8);
	const char *strings = (const char *)guest_dtb + be32(guest_dtb + 12);

	for (;;) {
		u32 token = be32(at);

		at += 4;
		if (token == FDT_BEGIN_NODE) {
			while (*at != 0) {
				at++;
			}
			at = (const u8 *)(((u64)at + 4) & ~3ull);
		} else if (token == FDT_PROP) {
			*bytes = be32(at);
			if (same(strings + be32(at + 4), name)) {
				return at + 8;
			}
			at += 8 + ((*bytes + 3) & ~3u);
		} else if (token != FDT_END_NODE && token != FDT_NOP) {
			return NULL;
		}
	}
}

bool host_init(void)
{
	u32 bytes;
	const u8 *tx = host_property("armhyp,rm-tx", &bytes);
	const u8 *rx = host_property("armhyp,rm-rx", &bytes);

	if (tx == NULL || rx == NULL) {
		return false;
	}
	host_rm_tx = be32(tx);
	host_rm_rx = be32(rx);
	return true;
}

s64 host_ask(struct rm_request *request, struct rm_answer *answer)
{
	static u32 seq;
	struct hyp_result result;

	request->seq = ++seq;
	do {
		result = hyp_msgq_send(host_rm_tx, (u64)request, sizeof(*request));
	} while (result.error == HYP_E_AGAIN);
	while (result.error == HYP_OK) {
		result = hyp_msgq_recv(host_rm_rx, (u64)answer, sizeof(*answer));
		if (result.error == HYP_E_AGAIN) {
			result.error = HYP_OK;
		} else if (result.error == HYP_OK && answer->seq == seq) {
			return answer->error;
		}
	}
	return result.error;
}

s64 host_ask4(u32 type, struct rm_answer *answer, u64 a, u64 b, u64 c, u64 d)
{
	struct rm_request request = {.type = type, .a = {a, b, c, d}, .name = "test"};

	return host_ask(&request, answer);
}

static bool all_owned(u64 base, u64 nr)
{
	for (u64 i = 0; i < nr; i++) {
		struct hyp_result info = hyp_mem_info(base + i * HOST_PAGE);

		if (info.error != HYP_OK || info.v[0] != HYP_PAGE_OWNED) {
			return false;
		}
	}
	return true;
}

u64 host_find_memory(u64 nr)
{
	u64 base = ((u64)image_end + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
	u64 dtb = (u64)guest_dtb;

	for (u32 tries = 0; tries < MAX_TRIES; tries++, base += BLOCK_BYTES) {
		bool clear = dtb + BLOCK_BYTES <= base || dtb >= base + nr * HOST_PAGE;

		if (clear && all_owned(base, nr)) {
			return base;
		}
	}
	return 0;
}
