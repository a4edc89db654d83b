// Other people's programs that work hard on a directory and check what they read. Limited by the
// number of operations rather than by time, where the program can do that.
import { runCommand } from '@ram/test-support';

interface Program {
  command: 'fio' | 'stress-ng' | 'dbench';
  /** What is added to `common` of the command. */
  options: string;
}

const common = {
  fio:
    '--name=job --rw=randrw --bs=1k-64k --size=16M --numjobs=4 --loops=2 --verify=crc32c ' +
    '--verify_fatal=1 --verify_state_save=0 --fallocate=none --end_fsync=1 --group_reporting',
  'stress-ng': '--verify --timeout 5s',
  dbench: '-c /usr/share/dbench/client.txt',
};

const engines = [
  '--ioengine=psync',
  '--ioengine=pvsync2',
  '--ioengine=mmap',
  '--ioengine=io_uring --iodepth=8',
  '--ioengine=io_uring --iodepth=8 --direct=1',
  '--ioengine=libaio --iodepth=8 --direct=1',
];

/** What makes sense on a mount; each with two processes, and so many operations. */
const stressors: [name: string, operations: number, options?: string][] = [
  ['access', 200],
  ['aio', 200],
  ['aiol', 200],
  ['chdir', 300],
  ['chmod', 300],
  ['chown', 30],
  ['chroot', 20],
  ['close', 2000],
  ['copy-file', 50],
  ['dentry', 2000],
  ['dir', 1000, '--dir-dirs 500'],
  ['dirdeep', 500, '--dirdeep-dirs 2 --dirdeep-inodes 500'],
  ['dirmany', 1000],
  ['dnotify', 50],
  ['dup', 300],
  ['fallocate', 20, '--fallocate-bytes 4M'],
  ['fault', 300],
  ['fcntl', 300],
  ['file-ioctl', 50],
  ['filename', 300],
  ['flock', 300],
  ['fpunch', 1],
  ['fsize', 10],
  ['getdent', 300],
  ['handle', 40],
  ['hdd', 200, '--hdd-bytes 4M'],
  ['hdd', 60, '--hdd-bytes 4M --hdd-opts direct,rd-rnd,wr-rnd'],
  ['hdd', 60, '--hdd-bytes 4M --hdd-opts sync,iovec,utimes,fadv-dontneed'],
  ['inotify', 20],
  ['io', 50],
  ['io-uring', 100],
  ['iomix', 200, '--iomix-bytes 4M'],
  ['ioprio', 50],
  ['lease', 200],
  ['link', 2],
  ['locka', 300],
  ['lockf', 300],
  ['lockofd', 300],
  ['mknod', 30],
  ['mmap', 8, '--mmap-bytes 2M --mmap-file'],
  ['msync', 300, '--msync-bytes 2M'],
  ['msyncmany', 50],
  ['open', 300],
  ['readahead', 300, '--readahead-bytes 4M'],
  ['rename', 500],
  ['revio', 300, '--revio-bytes 4M'],
  ['rmap', 50],
  ['seek', 500, '--seek-size 4M --seek-punch'],
  ['sendfile', 300, '--sendfile-size 1M'],
  ['splice', 300],
  ['symlink', 2],
  ['sync-file', 20, '--sync-file-bytes 2M'],
  ['touch', 500],
  ['utime', 500],
  ['xattr', 2],
];

export const programs: readonly Program[] = [
  ...engines.map((options) => ({ command: 'fio' as const, options })),
  ...stressors.map(([name, operations, options = '']) => ({
    command: 'stress-ng' as const,
    options: `--${name} 2 --${name}-ops ${operations} ${options}`.trim(),
  })),
  { command: 'dbench', options: '-t 5 3' },
];

/** Runs it in `directory`; what it said where it found something wrong, else undefined. */
export async function runProgram(
  { command, options }: Program,
  directory: string,
): Promise<string | undefined> {
  const args = `${common[command]} ${options}`.split(' ');
  const place = { fio: '--directory', 'stress-ng': '--temp-path', dbench: '-D' }[command];
  const { code, stdout, stderr, timedOut } = await runCommand(
    command,
    [place, directory, ...args],
    { cwd: directory, timeoutMs: 120_000 },
  );
  if (code === 0) return undefined;
  return `${command} ${options}: ${timedOut ? 'it hangs' : `exit ${code}`}\n${stdout}${stderr}`;
}
