// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of guest memory (HYP_CREATE_MEMORY).
 *
 * A VMM can give a guest any memory it has. What it maps from such a file comes cheaper: huge
 * pages, cleared once. (Linux clears an anonymous huge page twice, as Debian configures it: when it
 * allocates, and when it maps.) Pages are allocated on first touch, by the guest or by the VMM, and
 * stay until the file is closed, unmapped, and no guest has any. Where no huge page is to be had,
 * single pages come.
 *
 * To Linux the pages are a driver's: never swapped, moved, merged or written back, and found in no
 * page cache. The process has them one page table entry each; what a guest gets as a block is
 * looked up in the file (memfile_get_block()), with no need to map it first.
 *
 * blocks has huge pages by their place in the file, in 2 MiB; pages has single ones, by theirs in
 * pages. Entries are only added, with the lock held.
 */
#include <linux/anon_inodes.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include <uapi/hyp.h>

#include "module.h"

#define MEMFILE_ORDER  9
#define MEMFILE_BLOCK  (1UL << MEMFILE_ORDER)
#define MEMFILE_AROUND 16UL /* what the VMM gets for one fault in a huge page that is there */

struct memfile {
	unsigned long nr_pages;
	struct mutex lock;
	struct xarray blocks;
	struct xarray pages;
};

static const struct file_operations memfile_fops;

static struct page *memfile_alloc(unsigned int order)
{
	gfp_t flags = GFP_HIGHUSER | __GFP_ZERO | __GFP_ACCOUNT;
	struct page *page;

	if (order) {
		flags |= __GFP_COMP | __GFP_NORETRY | __GFP_NOWARN;
	}
	page = alloc_pages(flags, order);
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

static struct page *memfile_add(struct xarray *array, unsigned long index, unsigned int order)
{
	struct page *page = memfile_alloc(order);
	int rc;

	if (!page) {
		return ERR_PTR(-ENOMEM);
	}
	rc = xa_err(xa_store(array, index, page, GFP_KERNEL_ACCOUNT));
	if (rc) {
		put_page(page);
		return ERR_PTR(rc);
	}
	return page;
}

/* The page of an index that has none yet. lock held. */
static struct page *memfile_make(struct memfile *file, unsigned long index)
{
	unsigned long first = round_down(index, MEMFILE_BLOCK);
	unsigned long last = first + MEMFILE_BLOCK - 1;
	unsigned long at = first;
	struct page *page;

	/* A huge page only where no single one is, and only inside the file. */
	if (last < file->nr_pages && !xa_find(&file->pages, &at, last, XA_PRESENT)) {
		page = memfile_add(&file->blocks, index / MEMFILE_BLOCK, MEMFILE_ORDER);
		if (!IS_ERR(page)) {
			return page + (index - first);
		}
	}
	return memfile_add(&file->pages, index, 0);
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
	struct page *page;

	if (vmf->pgoff >= file->nr_pages) {
		return VM_FAULT_SIGBUS;
	}
	mutex_lock(&file->lock);
	page = memfile_find(file, vmf->pgoff) ?: memfile_make(file, vmf->pgoff);
	mutex_unlock(&file->lock);
	if (IS_ERR(page)) {
		return VM_FAULT_OOM;
	}
	if (PageCompound(page)) {
		memfile_map_around(vmf->vma, vmf->address & PAGE_MASK, page);
	}
	get_page(page);
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
	fd = anon_inode_getfd("hyp-memory", &memfile_fops, file, O_RDWR | O_CLOEXEC);
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

bool memfile_is_mapped(struct mm_struct *mm, unsigned long hva)
{
	bool is;

	mmap_read_lock(mm);
	is = memfile_of(vma_lookup(mm, hva));
	mmap_read_unlock(mm);
	return is;
}

static struct page *memfile_find_block(struct memfile *file, unsigned long index, bool make)
{
	struct page *page = memfile_find(file, index);

	if (!page && make) {
		mutex_lock(&file->lock);
		page = memfile_find(file, index) ?: memfile_make(file, index);
		mutex_unlock(&file->lock);
	}
	if (IS_ERR_OR_NULL(page) || compound_order(page) != MEMFILE_ORDER) {
		return NULL;
	}
	get_page(page);
	return page;
}

struct page *memfile_get_block(struct mm_struct *mm, unsigned long hva, bool write, bool make)
{
	unsigned long bytes = MEMFILE_BLOCK << PAGE_SHIFT;
	struct vm_area_struct *vma;
	struct memfile *file;
	struct page *page = NULL;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, hva);
	file = memfile_of(vma);
	if (file && bytes <= vma->vm_end - hva && (!write || (vma->vm_flags & VM_WRITE))) {
		unsigned long index = vma->vm_pgoff + ((hva - vma->vm_start) >> PAGE_SHIFT);

		if (!(index % MEMFILE_BLOCK)) {
			page = memfile_find_block(file, index, make);
		}
	}
	mmap_read_unlock(mm);
	return page;
}
