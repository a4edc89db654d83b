// Who works: a thread on a Volume, or a process in a directory. Answers each count with the
// milliseconds that so many operations took.
import nodeFs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';

const [, , directory = ''] = process.argv;
const bytes = Buffer.alloc(100, 'x');

if (parentPort === null) {
  process.on('message', (count) => process.send?.(measure(workOnFiles, Number(count))));
} else {
  const port = parentPort;
  const { fs } = Volume.fromToken(workerData.token);
  port.on('message', (count) => port.postMessage(measure(() => rewrite(fs), count)));
}

/** @param {(i: number) => void} work @param {number} count */
function measure(work, count) {
  const start = performance.now();
  for (let i = 0; i < count; i += 1) work(i);
  return performance.now() - start;
}

/** @param {import('@ram/fs-core').VolumeFs} fs */
function rewrite(fs) {
  const fd = fs.openSync('/file', 'a+');
  fs.writeSync(fd, bytes, 0, bytes.length, 0);
  fs.closeSync(fd);
  if (fs.statSync('/file').size > 2 ** 20) fs.truncateSync('/file');
}

/** @param {number} i */
function workOnFiles(i) {
  const path = `${directory}/file${i}`;
  nodeFs.writeFileSync(path, bytes);
  nodeFs.renameSync(path, `${path}.new`);
  nodeFs.unlinkSync(`${path}.new`);
}
