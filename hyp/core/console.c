/* SPDX-License-Identifier: BSD-3-Clause */
/* See console.h. */
#include <core/console.h>
#include <core/vm.h>
#include <hyp/error.h>

void console_init(struct console *console)
{
	spin_init(&console->lock, LOCK_LOG);
}

/* The pages are allocated before the lock is taken: mem_lock comes before it. */
static int get_pages(struct vm *vm)
{
	for (u32 i = 0; i < CONSOLE_PAGES; i++) {
		char *none = NULL, *page;

		if (atomic_load(&vm->console.pages[i])) {
			continue;
		}
		page = pool_alloc(&vm->pool);
		if (!page) {
			return HYP_E_NOMEM;
		}
		if (!atomic_compare_exchange_strong(&vm->console.pages[i], &none, page)) {
			pool_free(&vm->pool, page); /* another vCPU's came first */
		}
	}
	return HYP_OK;
}

static char *byte_at(struct console *console, u64 position)
{
	return &console->pages[position / PAGE_BYTES % CONSOLE_PAGES][position % PAGE_BYTES];
}

int console_write(struct vm *vm, const char *text, size_t bytes)
{
	struct console *console = &vm->console;
	int error = get_pages(vm);

	if (error) {
		return error;
	}
	spin_lock(&console->lock);
	for (size_t i = 0; i < bytes; i++) {
		u8 c = (u8)text[i];

		if (c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f)) {
			*byte_at(console, console->end++) = (char)c;
		}
	}
	spin_unlock(&console->lock);
	return HYP_OK;
}

size_t console_read(struct console *console, u64 *cursor, char *buf, size_t bytes)
{
	size_t nr = 0;

	spin_lock(&console->lock);
	if (*cursor > console->end || console->end - *cursor > CONSOLE_BYTES) {
		*cursor = console->end > CONSOLE_BYTES ? console->end - CONSOLE_BYTES : 0;
	}
	while (nr < bytes && *cursor < console->end) {
		buf[nr++] = *byte_at(console, (*cursor)++);
	}
	spin_unlock(&console->lock);
	return nr;
}
