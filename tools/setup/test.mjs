// `npm test`: sets up with what tests need, then runs all of them. Ends with "N passed, N failed".
import { SetupError, setUp, step } from './setup.mjs';
import { runSteps } from '../report/run-steps.mjs';
import { testSteps } from '../report/steps.mjs';

try {
  const { missing, pnpmFolder } = setUp('test');
  step('Testing');
  const pnpmNote = pnpmFolder && `pnpm is in ${pnpmFolder}; put it on your PATH.`;
  const failed = runSteps(testSteps, [...missing, ...(pnpmNote ? [pnpmNote] : [])]);
  process.exitCode = failed > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
