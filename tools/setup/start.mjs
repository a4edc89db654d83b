// `npm start`: sets up, mounts a RAM disk in ./ramdisk, says what to try, runs until Ctrl-C.
import { join } from 'node:path';
import { runDemo } from './demo.mjs';
import { SetupError, build, projectDirectory, setUp, step } from './setup.mjs';

const mountPoint = join(projectDirectory, 'ramdisk');

try {
  const { missing } = setUp('start');
  build();
  step(`Mounting a RAM disk on ${mountPoint}`);
  process.exitCode = await runDemo({ projectDirectory, mountPoint, missing });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
