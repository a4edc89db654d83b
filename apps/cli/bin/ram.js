#!/usr/bin/env node
import { runRam } from '../dist/index.js';

await runRam(process.argv.slice(2));
