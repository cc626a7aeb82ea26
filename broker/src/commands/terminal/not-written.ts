// A file that a command could not write: a fault of this computer and not of the way to the broker, so the exit code is 1 and not 4.
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';

export const NAME_ANOTHER = 'let this user write there, or name another file';

/** `what`: what was not done, as `FILE was not written`. `then`: what to do about it. */
export function notWritten(what: string, error: unknown, then: string): GateError {
  return new GateError('client_file', `${what}: ${fileFault(error)}; ${then}`, { cause: error });
}
