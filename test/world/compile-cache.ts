// The compile cache of Node, which tests pass on to the processes that they start with an environment of their own.

const folder = process.env['NODE_COMPILE_CACHE'];

/** Where Node keeps what it compiled, so that the next process need not: `npm test` names a folder, a file run by hand has none. */
export const compileCache: Readonly<Record<string, string>> =
  folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
