// SPDX-License-Identifier: BSD-3-Clause
/*
 * run_options.c: every option of `vmm run` is one row of run_options[].
 *
 * A row with keys takes `value[,key=value...]`, parsed by opt.c before its function sees it. A row
 * with an argument name takes the text as it is; one with neither is a switch. crosvm's spellings
 * are rows, aliases or keys like all others; those that mean nothing here are marked ignored and
 * say so in the help.
 */
#include "options/run_options.h"
#include "options/run_options_private.h"

#include "accel.h"
#include "log.h"
#include "options/suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

int run_fail(char *error, const char *message)
{
	snprintf(error, OPT_ERROR_SIZE, "%s", message);
	return -EINVAL;
}

int run_append_params(struct vm_config *config, const char *text)
{
	char *joined = NULL;

	if (asprintf(&joined, "%s%s%s", config->params, *config->params ? " " : "", text) < 0) {
		return -ENOMEM;
	}
	free(config->params);
	config->params = joined;
	return 0;
}

static const struct opt_key run_cpus_keys[] = {
	{.name = "num-cores",
	 .type = OPT_U64,
	 .bare = true,
	 .deflt = "1",
	 .min = 1,
	 .max = 123,
	 .help = "number of vCPUs"},
	{0},
};

static int run_apply_cpus(struct vm_config *config, const struct opt_values *values,
			  const char *text, char *error)
{
	(void)text;
	(void)error;
	config->nr_cpus = (unsigned int)opt_number(values, "num-cores");
	return 0;
}

static const struct opt_key run_mem_keys[] = {
	{.name = "size",
	 .type = OPT_SIZE,
	 .bare = true,
	 .deflt = "512",
	 .unit = MIB,
	 .min = 16 * MIB,
	 .max = 255 * GIB,
	 .help = "guest RAM, in MiB without a suffix"},
	{0},
};

static int run_apply_mem(struct vm_config *config, const struct opt_values *values,
			 const char *text, char *error)
{
	(void)text;
	config->mem_size = opt_number(values, "size");
	if (config->mem_size % (2 * MIB)) {
		return run_fail(error, "size must be a multiple of 2M");
	}
	return 0;
}

static const struct opt_key run_block_keys[] = {
	{.name = "path",
	 .type = OPT_STRING,
	 .bare = true,
	 .help = "raw image file or block device"},
	{.name = "ro", .type = OPT_BOOL, .deflt = "false", .help = "the guest may only read"},
	{.name = "root",
	 .type = OPT_BOOL,
	 .deflt = "false",
	 .help = "the guest kernel's root file system"},
	{.name = "id", .type = OPT_STRING, .help = "serial number, at most 20 bytes"},
	{.name = "direct", .type = OPT_BOOL, .deflt = "false", .ignored = true, .help = "crosvm's"},
	{.name = "sparse", .type = OPT_BOOL, .deflt = "true", .ignored = true, .help = "crosvm's"},
	{.name = "lock", .type = OPT_BOOL, .deflt = "true", .ignored = true, .help = "crosvm's"},
	{.name = "block-size", .type = OPT_U64, .ignored = true, .help = "crosvm's"},
	{0},
};

static int run_apply_block(struct vm_config *config, const struct opt_values *values,
			   const char *text, char *error)
{
	struct block_config *block = &config->blocks[config->nr_blocks];
	char root[64];

	(void)text;
	if (config->nr_blocks == CONFIG_MAX_BLOCKS) {
		return run_fail(error, "at most 16 disks are possible");
	}
	*block = (struct block_config){
		.path = opt_text(values, "path"),
		.id = opt_text(values, "id"),
		.read_only = opt_bool(values, "ro"),
		.root = opt_bool(values, "root"),
	};
	if (!block->path) {
		return run_fail(error, "path is missing");
	}
	if (block->id && strlen(block->id) > 20) {
		return run_fail(error, "id can have 20 bytes at most");
	}
	config->nr_blocks++;
	if (!block->root) {
		return 0;
	}
	snprintf(root, sizeof(root), "root=/dev/vd%c %s", 'a' + (int)config->nr_blocks - 1,
		 block->read_only ? "ro" : "rw");
	return run_append_params(config, root);
}

static const char *const run_serial_types[] = {"stdio",       "stdout", "file", "unix",
					       "unix-stream", "pty",    "sink", NULL};
static const enum chardev_type run_chardev_types[] = {CHARDEV_STDIO,  CHARDEV_STDIO,  CHARDEV_FILE,
						      CHARDEV_SOCKET, CHARDEV_SOCKET, CHARDEV_PTY,
						      CHARDEV_SINK};
static const char *const run_serial_hardware[] = {"serial", "pl011", "virtio-console", NULL};

static const struct opt_key run_serial_keys[] = {
	{.name = "type",
	 .type = OPT_ENUM,
	 .bare = true,
	 .choices = run_serial_types,
	 .deflt = "stdio",
	 .help = "where the bytes go; stdio is stdout with stdin"},
	{.name = "hardware",
	 .type = OPT_ENUM,
	 .choices = run_serial_hardware,
	 .deflt = "serial",
	 .help = "what the guest sees; serial is pl011"},
	{.name = "path", .type = OPT_STRING, .help = "of type=file and type=unix"},
	{.name = "input", .type = OPT_STRING, .help = "type=file: a file to read input from"},
	{.name = "console", .type = OPT_BOOL, .deflt = "false", .help = "the kernel's console"},
	{.name = "stdin",
	 .type = OPT_BOOL,
	 .deflt = "false",
	 .help = "type=stdout: read stdin too"},
	{.name = "earlycon",
	 .type = OPT_BOOL,
	 .deflt = "false",
	 .help = "kernel messages from the very start (pl011)"},
	{.name = "num",
	 .type = OPT_U64,
	 .min = 1,
	 .max = 8,
	 .ignored = true,
	 .help = "crosvm's number of the port"},
	{0},
};

/* Only one stream of the process can read stdin. */
static bool run_stdin_is_taken(const struct vm_config *config)
{
	for (unsigned int i = 0; i < config->nr_serials; i++) {
		if (config->serials[i].chardev.type == CHARDEV_STDIO &&
		    config->serials[i].chardev.input) {
			return true;
		}
	}
	return false;
}

static int run_check_serial(const struct vm_config *config, const struct serial_config *serial,
			    char *error)
{
	const struct chardev_config *chardev = &serial->chardev;

	if ((chardev->type == CHARDEV_FILE || chardev->type == CHARDEV_SOCKET) && !chardev->path) {
		return run_fail(error, "path is missing");
	}
	if (chardev->type == CHARDEV_STDIO && chardev->input && run_stdin_is_taken(config)) {
		return run_fail(error, "another --serial reads stdin already");
	}
	for (unsigned int i = 0; i < config->nr_serials; i++) {
		if (serial->hardware == SERIAL_PL011 &&
		    config->serials[i].hardware == SERIAL_PL011) {
			return run_fail(error, "the machine has one pl011; the others can be "
					       "hardware=virtio-console");
		}
	}
	return 0;
}

static int run_apply_serial(struct vm_config *config, const struct opt_values *values,
			    const char *text, char *error)
{
	struct serial_config serial = {0};
	uint64_t type = opt_number(values, "type");
	int result;

	(void)text;
	if (config->nr_serials == CONFIG_MAX_SERIALS) {
		return run_fail(error, "at most 8 are possible");
	}
	serial.chardev.type = run_chardev_types[type];
	serial.chardev.path = opt_text(values, "path");
	serial.chardev.input_path = opt_text(values, "input");
	serial.chardev.input = type == 0 || opt_bool(values, "stdin");
	serial.hardware =
		opt_number(values, "hardware") == 2 ? SERIAL_VIRTIO_CONSOLE : SERIAL_PL011;
	serial.console = opt_bool(values, "console");
	result = run_check_serial(config, &serial, error);
	if (result) {
		return result;
	}
	config->serials[config->nr_serials++] = serial;
	if (opt_bool(values, "earlycon") && serial.hardware == SERIAL_PL011) {
		return run_append_params(config, "earlycon");
	}
	return 0;
}

static const char *const run_log_choices[] = {"error", "warn", "info", "debug", "trace", NULL};
static const struct opt_key run_log_keys[] = {
	{.name = "level",
	 .type = OPT_ENUM,
	 .bare = true,
	 .choices = run_log_choices,
	 .deflt = "info",
	 .help = "how much the VMM says about itself on stderr"},
	{0},
};

static int run_apply_log(struct vm_config *config, const struct opt_values *values,
			 const char *text, char *error)
{
	(void)config;
	(void)text;
	(void)error;
	log_set_level((enum log_level)opt_number(values, "level"));
	return 0;
}

static const char *const run_gic_versions[] = {"3", "2", NULL};
static const struct opt_key run_gic_keys[] = {
	{.name = "version",
	 .type = OPT_ENUM,
	 .bare = true,
	 .choices = run_gic_versions,
	 .deflt = "3",
	 .help = "of the architecture; 2 needs --hypervisor jit, and has 8 vCPUs at most"},
	{.name = "its",
	 .type = OPT_BOOL,
	 .help = "LPIs and an ITS, which need --hypervisor jit; if not given, where they are"},
	{0},
};

static int run_apply_gic(struct vm_config *config, const struct opt_values *values,
			 const char *text, char *error)
{
	(void)text;
	config->gicv2 = opt_number(values, "version") == 1;
	config->its = !opt_given(values, "its") ? ITS_IF_POSSIBLE
		      : opt_bool(values, "its") ? ITS_ON
						: ITS_OFF;
	if (config->gicv2 && config->its == ITS_ON) {
		return run_fail(error, "a GICv2 has no ITS");
	}
	return 0;
}

static const char *const run_transports[] = {"mmio", "pci", NULL};
static const struct opt_key run_transport_keys[] = {
	{.name = "type",
	 .type = OPT_ENUM,
	 .bare = true,
	 .choices = run_transports,
	 .deflt = "mmio",
	 .help = "where disks and virtio consoles are"},
	{0},
};

static int run_apply_transport(struct vm_config *config, const struct opt_values *values,
			       const char *text, char *error)
{
	(void)text;
	(void)error;
	config->virtio_pci = opt_number(values, "type") == 1;
	return 0;
}

static int run_apply_initrd(struct vm_config *config, const struct opt_values *values,
			    const char *text, char *error)
{
	(void)values;
	(void)error;
	config->initrd = text;
	return 0;
}

static int run_apply_params(struct vm_config *config, const struct opt_values *values,
			    const char *text, char *error)
{
	(void)values;
	(void)error;
	return run_append_params(config, text);
}

static int run_apply_name(struct vm_config *config, const struct opt_values *values,
			  const char *text, char *error)
{
	(void)values;
	if (*text == '\0' || strlen(text) > 64 || text[0] == '.' || strchr(text, '/')) {
		return run_fail(error, "a name has 1 to 64 bytes, no '/' and no leading '.'");
	}
	free(config->name);
	config->name = strdup(text);
	return config->name ? 0 : -ENOMEM;
}

static int run_apply_socket(struct vm_config *config, const struct opt_values *values,
			    const char *text, char *error)
{
	(void)values;
	(void)error;
	config->socket = text;
	return 0;
}

static int run_apply_dump_dtb(struct vm_config *config, const struct opt_values *values,
			      const char *text, char *error)
{
	(void)values;
	(void)error;
	config->dump_dtb = text;
	return 0;
}

static int run_apply_no_sandbox(struct vm_config *config, const struct opt_values *values,
				const char *text, char *error)
{
	(void)values;
	(void)text;
	(void)error;
	config->no_sandbox = true;
	return 0;
}

static int run_apply_no_reboot(struct vm_config *config, const struct opt_values *values,
			       const char *text, char *error)
{
	(void)values;
	(void)text;
	(void)error;
	config->no_reboot = true;
	return 0;
}

static int run_fail_hypervisor(const char *name, size_t length, char *error)
{
	struct suggest suggest;
	const char *near;
	size_t used;

	suggest_init(&suggest, name, length);
	suggest_offer(&suggest, "auto");
	for (unsigned int i = 0; accel_list[i]; i++) {
		suggest_offer(&suggest, accel_list[i]->name);
	}
	near = suggest_best(&suggest);
	snprintf(error, OPT_ERROR_SIZE, "this program has no hypervisor '%.*s'", (int)length, name);
	used = strlen(error);
	if (near) {
		snprintf(error + used, OPT_ERROR_SIZE - used, "; did you mean '%s'?", near);
		return -EINVAL;
	}
	snprintf(error + used, OPT_ERROR_SIZE - used, "; it can be auto");
	for (unsigned int i = 0; accel_list[i]; i++) {
		used = strlen(error);
		snprintf(error + used, OPT_ERROR_SIZE - used, ", %s", accel_list[i]->name);
	}
	return -EINVAL;
}

static const struct opt_key run_no_keys[] = {{0}};

/* `NAME[,key=value...]`: the keys depend on the name, so opt.c cannot do it in one go. */
static int run_apply_hypervisor(struct vm_config *config, const struct opt_values *values,
				const char *text, char *error)
{
	size_t length = strcspn(text, ",");
	const struct opt_key *keys = run_no_keys;

	(void)values;
	config->accel = NULL;
	for (unsigned int i = 0; accel_list[i]; i++) {
		if (strlen(accel_list[i]->name) == length &&
		    memcmp(accel_list[i]->name, text, length) == 0) {
			config->accel = accel_list[i];
			keys = config->accel->options ? config->accel->options : run_no_keys;
		}
	}
	if (!config->accel && (length != 4 || memcmp(text, "auto", 4) != 0)) {
		return run_fail_hypervisor(text, length, error);
	}
	opt_release(&config->accel_options);
	return opt_parse(keys, text[length] ? text + length + 1 : "", &config->accel_options,
			 error);
}

const struct run_option run_options[] = {
	{"hypervisor", 0, "NAME[,KEY=VALUE...]", NULL, "what runs the guest; auto chooses", false,
	 run_apply_hypervisor},
	{"cpus", 'c', NULL, run_cpus_keys, "vCPUs", false, run_apply_cpus},
	{"mem", 'm', NULL, run_mem_keys, "memory", false, run_apply_mem},
	{"gic", 0, NULL, run_gic_keys, "interrupt controller", false, run_apply_gic},
	{"initrd", 'i', "FILE", NULL, "initial RAM disk", false, run_apply_initrd},
	{"params", 'p', "TEXT", NULL, "kernel command line; may be given more than once", false,
	 run_apply_params},
	{"block", 'b', NULL, run_block_keys, "a disk", false, run_apply_block},
	{"virtio-transport", 0, NULL, run_transport_keys, "the bus of virtio devices", false,
	 run_apply_transport},
	{"serial", 0, NULL, run_serial_keys, "a serial port or console", false, run_apply_serial},
	{"name", 0, "NAME", NULL, "name for `vmm list` and the other verbs", false, run_apply_name},
	{"socket", 's', "PATH", NULL, "control socket, instead of one by name", false,
	 run_apply_socket},
	{"no-reboot", 0, NULL, NULL, "a guest reset ends the VM (status 32)", false,
	 run_apply_no_reboot},
	{"dump-dtb", 0, "FILE", NULL, "write the device tree to FILE and exit", false,
	 run_apply_dump_dtb},
	{"log-level", 0, NULL, run_log_keys, "log", false, run_apply_log},
	{"disable-sandbox", 0, NULL, NULL, "keep capabilities, and allow every system call", false,
	 run_apply_no_sandbox},
	{"no-balloon", 0, NULL, NULL, "crosvm's", true, NULL},
	{"no-rng", 0, NULL, NULL, "crosvm's", true, NULL},
	{"no-syslog", 0, NULL, NULL, "crosvm's", true, NULL},
	{"no-usb", 0, NULL, NULL, "crosvm's", true, NULL},
	{"no-smt", 0, NULL, NULL, "crosvm's", true, NULL},
	{0},
};
