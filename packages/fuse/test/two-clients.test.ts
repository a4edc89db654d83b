// Over /dev/fuse two clients at the same time may get a reader each: nothing is lost between them.
import { availableParallelism } from 'node:os';
import { requirement } from '@ram/test-support';
import { expect } from 'vitest';
import { Server, makeFolder, rootMounts, run } from './support.ts';

const opens = 20_000;
const script = `
import os, sys
folder, clients, opens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
cpus = sorted(os.sched_getaffinity(0)) if 'apart' in sys.argv[4:] else []
def work(client):
    if cpus:
        os.sched_setaffinity(0, {cpus[client % len(cpus)]})
    path = f'{folder}/{client}'
    for i in range(opens):
        fd = os.open(path, os.O_CREAT | os.O_RDWR)
        if i % 16 == 0:
            os.pwrite(fd, b'%d' % i, 0)
        os.close(fd)
    with open(path) as file:
        assert file.read() == str((opens - 1) // 16 * 16), path
children = []
for client in range(clients):
    pid = os.fork()
    if pid == 0:
        work(client)
        os._exit(0)
    children.append(pid)
sys.exit(any(os.waitpid(pid, 0)[1] for pid in children))
`;

rootMounts.it('two clients at once get all their answers, and so do three and one', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder, { io: 'cached', transport: 'device' });
  for (const clients of [2, 1, 3, 2]) {
    await run('python3', ['-c', script, folder, `${clients}`, `${opens}`]);
  }
  const { requests } = await server.stop();
  expect(requests['release']).toBe((requests['open'] ?? 0) + (requests['create'] ?? 0));
  expect(requests['release']).toBe(8 * (opens + 1));
});

const isPositive = (count: number): boolean => count > 0;
const twoCpus = requirement(
  'mounts by root, and two CPUs',
  rootMounts.available && availableParallelism() > 1,
  'it takes root, /dev/fuse and two CPUs',
);

// On a CPU each the two are seen unless the machine is so busy that they take turns.
twoCpus.it('two clients at once are served by two readers', async () => {
  let served: readonly number[] = [0, 0];
  for (let round = 0; round < 20 && served.includes(0); round++) {
    const folder = makeFolder();
    const server = await Server.start(folder, { io: 'cached', transport: 'device' });
    await run('python3', ['-c', script, folder, '2', `${opens}`, 'apart']);
    served = (await server.stop()).sharedRequests;
  }
  expect(served).toEqual([expect.toSatisfy(isPositive), expect.toSatisfy(isPositive)]);
});
