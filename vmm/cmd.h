/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cmd.h: the verbs of the command line. Each returns the exit status of the process.
 */
#ifndef VMM_CMD_H
#define VMM_CMD_H

/* @argv holds the words after the verb. */
int cmd_run(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);

#endif
