// What `npm start` prints once the disk is mounted.

/**
 * @param {{ mountPoint: string, page: string | undefined, ram: string, missing: string[] }} options
 * @returns {string}
 */
export function guide({ mountPoint, page, ram, missing }) {
  return [
    '',
    `A RAM disk is mounted on ${mountPoint}`,
    'Every program on this machine can use it. Its files are in memory only: they are gone when it',
    'is unmounted.',
    '',
    ...(page === undefined ? [] : pageLines(page, ram)),
    'In another terminal, try:',
    '',
    `  echo hello > ${quote(`${mountPoint}/hello.txt`)} && cat ${quote(`${mountPoint}/hello.txt`)}`,
    `  git clone . ${quote(`${mountPoint}/clone`)}        # a whole repository in memory`,
    `  dd if=/dev/zero of=${quote(`${mountPoint}/zeros`)} bs=1M count=256   # how fast is it?`,
    `  ffmpeg -re -f lavfi -i testsrc -t 60 ${quote(`${mountPoint}/%05d.jpg`)}   # see the page`,
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

/** @param {string} page @param {string} ram */
function pageLines(page, ram) {
  return [
    'What happens on it, its files and the newest image, live in a browser:',
    '',
    `  ${page}`,
    '',
    `This address works once, in one browser. For another: ${ram} page`,
    '',
  ];
}

/** @param {string} path */
function quote(path) {
  return /^[\w./@-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
