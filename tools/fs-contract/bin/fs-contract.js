#!/usr/bin/env node
// node tools/fs-contract/bin/fs-contract.js [--surface NAME]… [--only TEXT] [--list] [DIR]
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Node 20 needs to be told how to read TypeScript, as the tests' child processes are.
const hooks = new URL('../../test-support/src/typescript-hooks-register.mjs', import.meta.url);
const command = fileURLToPath(new URL('../src/command.ts', import.meta.url));
const node = ['--conditions=@ram/source', `--import=${hooks}`, '--disable-warning=DEP0205'];
const args = [...node, command, ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { stdio: 'inherit' });
child.once('exit', (code) => (process.exitCode = code ?? 1));
