// pnpm does not hand `nodedir` from .npmrc to node-gyp, which would then download Node's headers.
// When this Node came with its headers, every script and build is told where they are.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prefix = dirname(dirname(process.env.npm_node_execpath ?? process.execPath));

export const hooks = {
  updateConfig(config) {
    config.extraEnv = { ...config.extraEnv, TURBO_TELEMETRY_DISABLED: '1' };
    if (existsSync(join(prefix, 'include', 'node', 'node_api.h'))) {
      config.extraEnv.npm_config_nodedir = prefix;
    }
    return config;
  },

  // What is published needs neither our sources' condition nor what only the workspace uses.
  beforePacking(manifest) {
    const { devDependencies: _, ramNative: _native, scripts: _scripts, ...published } = manifest;
    for (const entry of Object.values(published.exports ?? {})) delete entry['@ram/source'];
    return published;
  },
};
