// package.json of what is published: how it is found, loaded and typed.

/** @typedef {import('../source-file.mjs').Finding} Finding */

/** @type {import('../source-file.mjs').Rule} */
export const manifests = (files) =>
  files
    .filter(({ path }) => /^(?:packages|apps|tools|examples)\/[^/]+\/package\.json$/.test(path))
    .flatMap(({ path, text }) => {
      const manifest = JSON.parse(text);
      const problems = manifest.private ? checkAll(manifest) : checkPublished(manifest, path);
      return problems.map((message) => ({ path, message }));
    });

/** @param {Record<string, unknown>} manifest @returns {string[]} */
function checkAll(manifest) {
  const problems = [];
  if (manifest.type !== 'module') problems.push('"type" must be "module"');
  if (manifest.license !== 'MIT') problems.push('"license" must be "MIT"');
  if (typeof manifest.description !== 'string') problems.push('"description" is missing');
  return problems;
}

/** @param {Record<string, any>} manifest @param {string} path @returns {string[]} */
function checkPublished(manifest, path) {
  const problems = checkAll(manifest);
  const folder = path.split('/')[1];
  if (manifest.name !== `@ram/${folder}`) problems.push(`"name" must be "@ram/${folder}"`);
  if (manifest.engines?.node !== '>=20.19') problems.push('"engines.node" must be ">=20.19"');
  if (!Array.isArray(manifest.files)) problems.push('"files" is missing: all would be published');
  if (manifest.scripts?.install !== undefined || manifest.scripts?.postinstall !== undefined) {
    problems.push('nothing may run at installation');
  }
  const entry = manifest.exports?.['.'];
  if (entry !== undefined && Object.keys(entry).join() !== '@ram/source,types,default') {
    problems.push('"exports" of "." must be "@ram/source", "types", "default", in this order');
  }
  if (entry === undefined && manifest.bin === undefined) problems.push('"exports" is missing');
  return problems;
}
