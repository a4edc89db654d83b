// Lets a child process of a test import TypeScript sources on Node 20, which can't by itself.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
