// What `npm start` prints once the disk is mounted.

/**
 * @param {{ mountPoint: string, ram: string, missing: string[] }} options
 * @returns {string}
 */
export function guide({ mountPoint, ram, missing }) {
  return [
    '',
    `A RAM disk is mounted on ${mountPoint}`,
    'Every program on this machine can use it. Its files are in memory only: they are gone when it',
    'is unmounted. In another terminal, try:',
    '',
    `  echo hello > ${quote(`${mountPoint}/hello.txt`)} && cat ${quote(`${mountPoint}/hello.txt`)}`,
    `  git clone . ${quote(`${mountPoint}/clone`)}        # a whole repository in memory`,
    `  dd if=/dev/zero of=${quote(`${mountPoint}/zeros`)} bs=1M count=256   # how fast is it?`,
    `  ${ram} status           # the disks, and how full they are`,
    `  ${ram} doctor           # what this machine offers, and how to get the rest`,
    `  mkdir -p /tmp/disk && ${ram} mount /tmp/disk --size 1G --name scratch`,
    `                                     # one of your own; umount with`,
    `  ${ram} umount scratch`,
    '',
    ...missing,
    'Ctrl-C here unmounts the disk and ends.',
  ].join('\n');
}

/** @param {string} path */
function quote(path) {
  return /^[\w./@-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
