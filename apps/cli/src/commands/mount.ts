import type { DiskRequest, MountWayFlags, MountedDisk } from '@ram/daemon';
import {
  appError,
  formatBytes,
  parseMaxFiles,
  parseMountWay,
  serveDisk,
  showPath,
} from '@ram/daemon';
import type { Command } from 'commander';
import { launchServer } from '../launch-server.ts';
import { createOutput } from '../output.ts';
import { pageLines } from '../page-lines.ts';
import type { Output } from '../output.ts';

interface MountFlags extends MountWayFlags {
  size?: string;
  name?: string;
  maxFiles?: string;
  swap: boolean;
  readOnly?: boolean;
  page?: boolean;
  foreground?: boolean;
  json?: boolean;
}

const help = `
The size is a limit: memory is taken as the disk fills, and given back when files go. Without
--size a disk may take half of the memory that no other disk was promised.

Examples:
  $ mkdir -p /tmp/disk && ram mount /tmp/disk
  $ ram mount ~/build --size 50% --name build
  $ sudo ram mount /mnt/secrets --size 64M --no-swap
  $ ram mount /tmp/frames --page
  $ sudo ram mount /mnt/fast --io passthrough --transport io_uring
`;

export function addMount(program: Command): void {
  program
    .command('mount')
    .summary('mount a RAM disk')
    .description('Mounts a RAM disk on the empty directory DIR. It stays until `ram umount`.')
    .argument('<DIR>', 'an empty directory')
    .option('-s, --size <SIZE>', 'how large it may become: 512M, 2G, 50% of memory')
    .option('-n, --name <NAME>', "what it is called; default: the directory's name")
    .option('--max-files <N>', 'how many files, directories and links; default: as many as fit')
    .option('--no-swap', 'keep its content out of swap (root only)')
    .option('--read-only', 'refuse changes through the mount')
    .option('--allow-other', 'let other users in, as their rights allow; default of root')
    .option('--no-allow-other', 'keep other users out; default of others')
    .option(
      '--default-permissions',
      'let the kernel check modes and owners; default, but with root alone',
    )
    .option(
      '--no-default-permissions',
      'let who gets in do everything; saves requests; not with --suid, --dev unless for root alone',
    )
    .option('--nonempty', 'hide what is in the directory until the disk is unmounted')
    .option('--suid', 'honour set-id bits and file capabilities (root only)')
    .option('--dev', 'honour device nodes (root only)')
    .option(
      '--io <MODE>',
      'who moves bytes: passthrough (default where it can be), cached or direct',
    )
    .option('--transport <WAY>', 'how requests come in: device or io_uring; see ram doctor')
    .option(
      '--locks <WHOSE>',
      "file locks are the kernel's (kernel, default) or the disk's (volume)",
    )
    .option('--kernel <VERSION>', 'with the FUSE of an older kernel: 5.15, 6.1 or 6.18')
    .option('-p, --page', 'print the address of a page that shows its files and newest image live')
    .option('-f, --foreground', 'serve it in this process until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (directory: string, flags: MountFlags) => {
      const output = createOutput(flags.json === true);
      const request = toRequest(directory, flags);
      if (flags.foreground === true) return serveHere(request, output);
      printMounted(await launchServer(request), output);
    });
}

function toRequest(directory: string, flags: MountFlags): DiskRequest {
  // A variable that is not set; the present directory is '.'.
  if (directory === '') throw appError('ERR_RAM_USAGE', 'DIR is empty', 'See ram mount --help');
  return {
    directory,
    swap: flags.swap,
    readOnly: flags.readOnly === true,
    ...parseMountWay(flags),
    ...(flags.size === undefined ? {} : { size: flags.size }),
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.page === undefined ? {} : { page: flags.page }),
    ...(flags.maxFiles === undefined ? {} : { maxFiles: parseMaxFiles(flags.maxFiles) }),
  };
}

async function serveHere(request: DiskRequest, output: Output): Promise<void> {
  await serveDisk(request, {
    ready: (disk) => printMounted(disk, output, 'Ctrl-C'),
    busy: (graceMs) => {
      const seconds = graceMs / 1000;
      output.notice(`files are open; unmounting in ${seconds} s all the same, or now by Ctrl-C`);
    },
  });
  // The native threads of a mount must not keep the process.
  process.exit();
}

function printMounted(
  { status, pageAddress, notices }: MountedDisk,
  output: Output,
  how?: string,
): void {
  for (const notice of notices) output.notice(notice);
  const { name, directory, maxBytes } = status;
  const { bold } = output.colors;
  const size = formatBytes(maxBytes);
  const unmount = how ?? `ram umount ${name}`;
  const text = `${bold(name)}: ${size} on ${showPath(directory)}; to unmount: ${unmount}\n`;
  if (pageAddress === undefined) return output.result({ disk: status, notices }, text);
  const page = { address: pageAddress };
  output.result({ disk: status, page, notices }, text + pageLines(pageAddress, name));
}
