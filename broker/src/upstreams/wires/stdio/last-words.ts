// Which line of its stderr says best why a server ended.

/**
 * The last one, except that Node closes a crash with its own version: there the line that names the error. It stands above
 * its stack; an error of the same crash that is a property or a cause is indented below and does not count. npm closes with
 * where its log is, which helps nobody once the server's home is gone: there its first line that is more than a code.
 */
export function lastWords(stderr: readonly string[]): string | undefined {
  const last = stderr.at(-1);
  if (last === undefined) return last;
  if (NPM_LOG.test(last)) {
    const said = stderr.filter((line) => NPM_ERROR.test(line) && !NPM_LOG.test(line));
    return said.find((line) => !NPM_DETAIL.test(line)) ?? said[0] ?? last;
  }
  if (!NODE_VERSION.test(last)) return last;
  return stderr.findLast((line) => NAMED_ERROR.test(line)) ?? last;
}

const NODE_VERSION = /^\s*Node\.js v\d+\.\d+\.\d+\s*$/;
const NAMED_ERROR = /^(?:Uncaught )?\w*(?:Error|Exception)(?: \[\w+\])?(?::|\s*$)/;

const NPM_ERROR = /^npm (?:error|ERR!) /;
const NPM_LOG = /^npm (?:error|ERR!) A complete log of this run can be found in/;
const NPM_DETAIL = /^npm (?:error|ERR!) (?:code|syscall|errno|path|dest) /;
