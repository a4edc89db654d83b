// Files that run as somebody else.
import type { Client } from './client.ts';

export const setId = 0o6755;

/** An executable of root with both set-id bits. */
export function withSetId(fs: Client, mode = setId): void {
  fs.create('f', 'x'.repeat(100));
  fs.chmod('f', mode);
}

/** struct vfs_cap_data, version 2: cap_net_raw+ep */
export const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
