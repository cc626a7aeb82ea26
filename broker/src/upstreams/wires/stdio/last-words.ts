// Picks the line of a server's stderr that says best why the server ended.

/**
 * Undefined where there is no line. It is the last line, with two exceptions. Node ends the report of a crash with its own version; then it is the
 * line that names the error, above the stack (errors that are a property or a cause are indented, and do not count). npm ends with the path of its
 * log, which is gone with the server's home; then it is npm's first line that is more than a code.
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
