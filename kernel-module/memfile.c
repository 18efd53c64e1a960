// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of guest memory (HYP_CREATE_MEMORY).
 *
 * A VMM can give a guest any memory it has. What it maps from such a file comes cheaper: huge
 * pages, cleared once. (Linux clears an anonymous huge page twice, as Debian configures it: when it
 * allocates, and when it maps.) Pages are allocated on first touch, by the guest or by the VMM, and
 * stay until the file is closed, unmapped, and no guest has any. Where no huge page is to be had,
 * single pages come, 32 in a row if there are such.
 *
 * To Linux the pages are a driver's: never swapped, moved, merged or written back, and found in no
 * page cache. The process has them one page table entry each; what a guest gets as a block is
 * looked up in the file (memfile_get_blocks(), memfile_get_pages()), with no need to map it first.
 *
 * blocks has huge pages by their place in the file, in 2 MiB; pages has single ones, by theirs in
 * pages.
 *
 * A protected guest's pages are marked MEMFILE_LENT: no process has them mapped, whoever touches
 * them gets SIGBUS from the fault handler, and so nothing in Linux comes by a reference to them
 * (get_user_pages(), by which ptrace, pipes and O_DIRECT read memory through the kernel's own
 * mapping, where the hypervisor's fault would be an oops). Pages that somebody has a reference to
 * already are not given. The mark goes when the file's is the only reference again, that is, the
 * guest's is gone.
 */
#include <linux/anon_inodes.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include <uapi/hyp.h>

#include "module.h"

#define MEMFILE_ORDER  9
#define MEMFILE_BLOCK  (1UL << MEMFILE_ORDER)
#define MEMFILE_ROW_ORDER 5
#define MEMFILE_ROW    (1UL << MEMFILE_ROW_ORDER)
#define MEMFILE_AROUND 16UL /* what the VMM gets for one fault in a huge page that is there */
#define MEMFILE_LENT   XA_MARK_1
#define MEMFILE_TRIES  200 /* to find nobody else with a page; some ten milliseconds */

struct memfile {
	unsigned long nr_pages;
	struct inode *inode; /* since it was first mapped; counts the memory (st_blocks) */
	struct mutex lock;   /* all below, and references to pages taken for somebody else */
	struct xarray blocks;
	struct xarray pages;
};

static const struct file_operations memfile_fops;

#define MEMFILE_GFP (GFP_HIGHUSER | __GFP_ZERO | __GFP_ACCOUNT)
#define MEMFILE_GFP_IF_EASY (MEMFILE_GFP | __GFP_NORETRY | __GFP_NOWARN)

static struct page *memfile_alloc(unsigned int order)
{
	struct page *page =
		alloc_pages(order ? MEMFILE_GFP_IF_EASY | __GFP_COMP : MEMFILE_GFP, order);

	if (page) {
		set_page_private(page, (unsigned long)&memfile_fops); /* see memfile_owns() */
	}
	return page;
}

/* The page of an index, if it is there. */
static struct page *memfile_find(struct memfile *file, unsigned long index)
{
	struct page *block = xa_load(&file->blocks, index / MEMFILE_BLOCK);

	return block ? block + index % MEMFILE_BLOCK : xa_load(&file->pages, index);
}

static struct page *memfile_add(struct memfile *file, struct xarray *array, unsigned long at,
				unsigned int order)
{
	struct page *page = memfile_alloc(order);
	int rc;

	if (!page) {
		return ERR_PTR(-ENOMEM);
	}
	rc = xa_err(xa_store(array, at, page, GFP_KERNEL_ACCOUNT));
	if (rc) {
		put_page(page);
		return ERR_PTR(rc);
	}
	inode_add_bytes(file->inode, PAGE_SIZE << order);
	return page;
}

/* Single pages for all of index's row, which lies in the file. False: there are some, or no memory. */
static bool memfile_add_row(struct memfile *file, unsigned long index)
{
	unsigned long at = round_down(index, MEMFILE_ROW);
	XA_STATE(xas, &file->pages, at);
	struct page *pages;
	unsigned long i;

	if (xa_find(&file->pages, &at, at + MEMFILE_ROW - 1, XA_PRESENT)) {
		return false;
	}
	pages = alloc_pages(MEMFILE_GFP_IF_EASY, MEMFILE_ROW_ORDER);
	if (!pages) {
		return false;
	}
	split_page(pages, MEMFILE_ROW_ORDER);
	for (i = 0; i < MEMFILE_ROW; i++) {
		set_page_private(pages + i, (unsigned long)&memfile_fops);
	}
	/* A row is in one node of the tree: the first store makes it, or fails. */
	BUILD_BUG_ON(XA_CHUNK_SIZE % MEMFILE_ROW);
	do {
		xas_lock(&xas);
		xas_store(&xas, pages);
		for (i = 1; i < MEMFILE_ROW && !xas_error(&xas); i++) {
			xas_next(&xas);
			xas_store(&xas, pages + i);
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL_ACCOUNT));
	if (xas_error(&xas)) {
		for (i = 0; i < MEMFILE_ROW; i++) {
			put_page(pages + i);
		}
		return false;
	}
	inode_add_bytes(file->inode, PAGE_SIZE << MEMFILE_ROW_ORDER);
	return true;
}

static void memfile_drop(struct memfile *file, struct xarray *array, unsigned long at)
{
	struct page *page = xa_erase(array, at);

	inode_sub_bytes(file->inode, page_size(page));
	put_page(page);
}

/* The page of an index, made if it is not there; huge: a huge page would be welcome. lock held. */
static struct page *memfile_make(struct memfile *file, unsigned long index, bool huge)
{
	unsigned long first = round_down(index, MEMFILE_BLOCK);
	unsigned long last = first + MEMFILE_BLOCK - 1;
	unsigned long at = first;
	struct page *page = memfile_find(file, index);

	if (page) {
		return page;
	}
	/* A huge page only where no single one is, and only inside the file. */
	if (huge && last < file->nr_pages && !xa_find(&file->pages, &at, last, XA_PRESENT)) {
		page = memfile_add(file, &file->blocks, index / MEMFILE_BLOCK, MEMFILE_ORDER);
		if (!IS_ERR(page)) {
			return page + (index - first);
		}
	}
	if (round_up(index + 1, MEMFILE_ROW) <= file->nr_pages && memfile_add_row(file, index)) {
		return xa_load(&file->pages, index);
	}
	return memfile_add(file, &file->pages, index, 0);
}

/* Where the mark of index's page is. */
static struct xarray *memfile_entry(struct memfile *file, struct page *page, unsigned long *index)
{
	if (!PageCompound(page)) {
		return &file->pages;
	}
	*index /= MEMFILE_BLOCK;
	return &file->blocks;
}

/* Whether a protected guest has index's page. lock held. */
static bool memfile_is_lent(struct memfile *file, unsigned long index, struct page *page)
{
	struct xarray *array = memfile_entry(file, page, &index);

	if (!xa_get_mark(array, index, MEMFILE_LENT)) {
		return false;
	}
	if (page_count(page) > 1) {
		return true;
	}
	xa_clear_mark(array, index, MEMFILE_LENT);
	return false;
}

/* A VMM that loads images or serves a disk goes on where it is: saves it most faults. */
static void memfile_map_around(struct vm_area_struct *vma, unsigned long address, struct page *page)
{
	unsigned long index = page_to_pfn(page) % MEMFILE_AROUND;
	unsigned long i;

	for (i = 0; i < MEMFILE_AROUND; i++) {
		unsigned long at = address + ((i - index) << PAGE_SHIFT);

		if (i != index && at >= vma->vm_start && at < vma->vm_end) {
			(void)vm_insert_page(vma, at, page + i - index); /* may be there */
		}
	}
}

static vm_fault_t memfile_fault(struct vm_fault *vmf)
{
	struct memfile *file = vmf->vma->vm_file->private_data;
	vm_fault_t failed = 0;
	struct page *page;

	if (vmf->pgoff >= file->nr_pages) {
		return VM_FAULT_SIGBUS;
	}
	mutex_lock(&file->lock);
	page = memfile_make(file, vmf->pgoff, true);
	if (IS_ERR(page)) {
		failed = VM_FAULT_OOM;
	} else if (memfile_is_lent(file, vmf->pgoff, page)) {
		failed = VM_FAULT_SIGBUS;
	} else {
		get_page(page);
	}
	mutex_unlock(&file->lock);
	if (failed) {
		return failed;
	}
	if (PageCompound(page)) {
		memfile_map_around(vmf->vma, vmf->address & PAGE_MASK, page);
	}
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct memfile_vm_ops = {
	.fault = memfile_fault,
};

static int memfile_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct memfile *file = filp->private_data;

	/* A private mapping's copies would not be what the guest has. */
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff > file->nr_pages ||
	    vma_pages(vma) > file->nr_pages - vma->vm_pgoff) {
		return -EINVAL;
	}
	file->inode = file_inode(filp);
	vma->vm_flags |= VM_DONTEXPAND | VM_DONTDUMP | VM_MIXEDMAP;
	vma->vm_ops = &memfile_vm_ops;
	return 0;
}

static void memfile_empty(struct xarray *array)
{
	struct page *page;
	unsigned long index;

	xa_for_each(array, index, page)
	{
		put_page(page);
		cond_resched();
	}
	xa_destroy(array);
}

static int memfile_release(struct inode *inode, struct file *filp)
{
	struct memfile *file = filp->private_data;

	/* What a guest has is referenced, and stays until it is given back. */
	memfile_empty(&file->blocks);
	memfile_empty(&file->pages);
	mutex_destroy(&file->lock);
	kfree(file);
	return 0;
}

static const struct file_operations memfile_fops = {
	.owner = THIS_MODULE,
	.mmap = memfile_mmap,
	.release = memfile_release,
	.llseek = noop_llseek,
};

int memfile_create(unsigned long arg)
{
	struct hyp_memory memory;
	struct memfile *file;
	int fd;

	if (copy_from_user(&memory, (void __user *)arg, sizeof(memory))) {
		return -EFAULT;
	}
	if (memory.flags || !memory.size || !PAGE_ALIGNED(memory.size) ||
	    memory.size > MAX_LFS_FILESIZE) {
		return -EINVAL;
	}
	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file) {
		return -ENOMEM;
	}
	file->nr_pages = memory.size >> PAGE_SHIFT;
	mutex_init(&file->lock);
	xa_init(&file->blocks);
	xa_init(&file->pages);
	/* A "secure" one has an inode of its own, and so a list of its mappings. */
	fd = anon_inode_getfd_secure("[hyp-memory]", &memfile_fops, file, O_RDWR | O_CLOEXEC, NULL);
	if (fd < 0) {
		kfree(file);
	}
	return fd;
}

/* Linux leaves the private field of pages without a mapping to whoever allocated them. */
bool memfile_owns(struct page *page)
{
	struct folio *folio = page_folio(page);

	return !folio->mapping && folio_get_private(folio) == &memfile_fops;
}

static struct memfile *memfile_of(struct vm_area_struct *vma)
{
	return vma && vma->vm_ops == &memfile_vm_ops ? vma->vm_file->private_data : NULL;
}

bool memfile_is_mapped(struct mm_struct *mm, unsigned long hva, unsigned long bytes)
{
	unsigned long end = hva + bytes;

	mmap_read_lock(mm);
	while (hva < end) {
		struct vm_area_struct *vma = vma_lookup(mm, hva);

		if (!memfile_of(vma)) {
			break;
		}
		hva = vma->vm_end;
	}
	mmap_read_unlock(mm);
	return hva >= end;
}

/* Whether what is mapped around hva has all of a huge page of the file, if there is one. */
static bool memfile_maps_block(struct vm_area_struct *vma, unsigned long hva)
{
	unsigned long bytes = MEMFILE_BLOCK << PAGE_SHIFT;
	unsigned long first = round_down(hva, bytes);

	return first >= vma->vm_start && bytes <= vma->vm_end - first &&
	       IS_ALIGNED(linear_page_index(vma, first), MEMFILE_BLOCK);
}

/* The huge page that begins at index, with a reference; make: if it is not there. lock held. */
static struct page *memfile_hold_block(struct memfile *file, unsigned long index, bool make)
{
	struct page *page =
		make ? memfile_make(file, index, true) : xa_load(&file->blocks, index / MEMFILE_BLOCK);

	if (IS_ERR_OR_NULL(page) || !PageCompound(page) || memfile_is_lent(file, index, page)) {
		return NULL;
	}
	get_page(page);
	return page;
}

/* Those from index on that are there; the first is made if need be, and is alone then. */
static unsigned long memfile_hold_blocks(struct memfile *file, unsigned long index,
					 struct page **pages, unsigned long nr)
{
	unsigned long i = 0;

	mutex_lock(&file->lock);
	while (i < nr) {
		pages[i] = memfile_hold_block(file, index + i * MEMFILE_BLOCK, false);
		if (!pages[i]) {
			break;
		}
		i++;
	}
	if (!i) {
		pages[0] = memfile_hold_block(file, index, true);
		i = pages[0] != NULL;
	}
	mutex_unlock(&file->lock);
	return i;
}

unsigned long memfile_get_blocks(struct mm_struct *mm, unsigned long hva, bool write,
				 struct page **pages, unsigned long nr)
{
	struct vm_area_struct *vma;
	struct memfile *file;
	unsigned long held = 0;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, hva);
	file = memfile_of(vma);
	if (file && memfile_maps_block(vma, hva) && (!write || (vma->vm_flags & VM_WRITE))) {
		nr = min(nr, (vma->vm_end - hva) >> (PAGE_SHIFT + MEMFILE_ORDER));
		held = memfile_hold_blocks(file, linear_page_index(vma, hva), pages, nr);
	}
	mmap_read_unlock(mm);
	return held;
}

static unsigned long memfile_hold_pages(struct memfile *file, unsigned long index,
					struct page **pages, unsigned long nr)
{
	unsigned long i;

	mutex_lock(&file->lock);
	for (i = 0; i < nr; i++) {
		struct page *page = memfile_make(file, index + i, false);

		if (IS_ERR(page) || memfile_is_lent(file, index + i, page)) {
			break;
		}
		get_page(page);
		pages[i] = page;
	}
	mutex_unlock(&file->lock);
	return i;
}

unsigned long memfile_get_pages(struct mm_struct *mm, unsigned long hva, bool write,
				struct page **pages, unsigned long nr)
{
	struct vm_area_struct *vma;
	struct memfile *file;
	unsigned long held = 0;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, hva);
	file = memfile_of(vma);
	if (file && (!write || (vma->vm_flags & VM_WRITE))) {
		nr = min(nr, (vma->vm_end - hva) >> PAGE_SHIFT);
		held = memfile_hold_pages(file, linear_page_index(vma, hva), pages, nr);
	}
	mmap_read_unlock(mm);
	return held;
}

/* Takes index's page, with the huge page it is of, out of everybody's reach. lock held. */
static int memfile_withdraw(struct memfile *file, unsigned long index, struct page *page)
{
	unsigned long nr = compound_nr(compound_head(page));
	unsigned long at = index;
	struct xarray *array = memfile_entry(file, page, &at);
	unsigned int i;

	xa_set_mark(array, at, MEMFILE_LENT);
	for (i = 0; i < MEMFILE_TRIES; i++) {
		/* A fault that was served before the mark may map it only now. */
		unmap_mapping_pages(file->inode->i_mapping, round_down(index, nr), nr, false);
		/* get_user_pages_fast() takes a reference, and then looks whether it is still mapped. */
		smp_mb();
		if (page_count(page) == 1) {
			return 0;
		}
		usleep_range(20, 100);
	}
	xa_clear_mark(array, at, MEMFILE_LENT);
	return -EBUSY;
}

/* Puts single pages in the place of a huge one, which only the file has. lock held. */
static int memfile_break(struct memfile *file, unsigned long first, struct page *block)
{
	unsigned long i;

	for (i = 0; i < MEMFILE_BLOCK; i++) {
		struct page *page = memfile_add(file, &file->pages, first + i, 0);

		if (IS_ERR(page)) {
			while (i--) {
				memfile_drop(file, &file->pages, first + i);
			}
			return PTR_ERR(page);
		}
		copy_highpage(page, block + i);
	}
	memfile_drop(file, &file->blocks, first / MEMFILE_BLOCK);
	return 0;
}

static struct page *memfile_take_locked(struct memfile *file, unsigned long index, bool *block)
{
	struct page *page = memfile_make(file, index, *block);
	int rc;

	if (IS_ERR(page)) {
		return page;
	}
	rc = memfile_is_lent(file, index, page) ? -EACCES : memfile_withdraw(file, index, page);
	if (!rc && PageCompound(page) && !*block) {
		unsigned long first = round_down(index, MEMFILE_BLOCK);

		rc = memfile_break(file, first, page - (index - first));
		page = memfile_find(file, index);
		if (!rc) {
			xa_set_mark(&file->pages, index, MEMFILE_LENT);
		}
	}
	if (rc) {
		return ERR_PTR(rc);
	}
	*block = PageCompound(page);
	page = compound_head(page);
	get_page(page);
	return page;
}

struct page *memfile_take(struct mm_struct *mm, unsigned long hva, bool write, bool *block)
{
	struct vm_area_struct *vma;
	struct file *filp = NULL;
	unsigned long index = 0;
	struct memfile *file;
	struct page *page;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, hva);
	if (memfile_of(vma) && (!write || (vma->vm_flags & VM_WRITE))) {
		filp = get_file(vma->vm_file);
		index = linear_page_index(vma, hva);
		*block = *block && memfile_maps_block(vma, hva);
	}
	mmap_read_unlock(mm);
	if (!filp) {
		return ERR_PTR(-EFAULT);
	}
	file = filp->private_data;
	mutex_lock(&file->lock);
	page = memfile_take_locked(file, index, block);
	mutex_unlock(&file->lock);
	fput(filp);
	return page;
}
