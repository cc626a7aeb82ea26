// Which line of its stderr says best why a server ended.

/**
 * The last one, except that Node closes a crash with its own version: there the line that names the error. It stands above
 * its stack; an error of the same crash that is a property or a cause is indented below and does not count.
 */
export function lastWords(stderr: readonly string[]): string | undefined {
  const last = stderr.at(-1);
  if (last === undefined || !NODE_VERSION.test(last)) return last;
  return stderr.findLast((line) => NAMED_ERROR.test(line)) ?? last;
}

const NODE_VERSION = /^\s*Node\.js v\d+\.\d+\.\d+\s*$/;
const NAMED_ERROR = /^(?:Uncaught )?\w*(?:Error|Exception)(?: \[\w+\])?(?::|\s*$)/;
