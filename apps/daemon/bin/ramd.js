#!/usr/bin/env node
import { runRamd } from '../dist/index.js';

await runRamd(process.argv.slice(2));
