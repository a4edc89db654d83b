// `npm test`: sets up with what tests need, then runs all of them. Ends with "N passed, N failed".
import { SetupError, setUp, step } from './setup.mjs';
import { runSteps } from '../report/run-steps.mjs';
import { testSteps } from '../report/steps.mjs';

try {
  const { missing, pnpmFolder } = setUp('test');
  step('Testing');
  const failed = runSteps(testSteps);
  for (const line of missing) console.error(line);
  if (pnpmFolder !== undefined) console.error(`pnpm is in ${pnpmFolder}; put it on your PATH.`);
  process.exitCode = failed > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
