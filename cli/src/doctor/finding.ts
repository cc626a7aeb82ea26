// The result of one check: the checks of `doctor` make it, and the command prints it and carries out its cure.
import { toGateError, type ErrorCode } from 'mcpgate-shared/error';

/** The result of one check, which is one line of `mcpgate doctor`. */
export interface Finding {
  name: string;
  mark: 'good' | 'warning' | 'bad';
  /** What was found, and what to do if it is not good. */
  text: string;
  /** The error code of a bad finding, which decides on the exit code. */
  code?: ErrorCode;
  /** What `--fix` does about this finding. */
  cure?: Cure;
}

/** `restart_daemon`: the daemon has another version than this command. `install_client`: an installed AI client does not start mcpgate. */
export type Cure = { kind: 'restart_daemon' } | { kind: 'install_client'; client: string };

export const good = (name: string, text: string): Finding => ({ name, mark: 'good', text });
export const warning = (name: string, text: string, cure?: Cure): Finding => ({
  name,
  mark: 'warning',
  text,
  ...(cure && { cure }),
});

export function bad(name: string, error: unknown): Finding {
  const { message, code } = toGateError(error);
  return { name, mark: 'bad', text: message, code };
}
