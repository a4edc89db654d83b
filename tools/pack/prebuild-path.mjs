// Where node-gyp-build looks for an addon, in prebuildify's naming with --napi and --tag-libc.
import { join } from 'node:path';

/**
 * @param {string} name Of the package.
 * @param {Pick<NodeJS.Process, 'platform' | 'arch' | 'report'>} system
 * @returns {string} Relative to the package's folder.
 */
export function prebuildPath(name, { platform, arch, report }) {
  const header = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (report.getReport());
  const libc = header.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  return join('prebuilds', `${platform}-${arch}`, `${name.replaceAll('/', '+')}.${libc}.node`);
}
