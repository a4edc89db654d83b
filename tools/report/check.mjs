// `pnpm check`: all that a change must pass before it is handed in.
import { runSteps } from './run-steps.mjs';
import { checkSteps } from './steps.mjs';

process.exitCode = runSteps(checkSteps) > 0 ? 1 : 0;
