import { toGateError, type ErrorCode } from 'mcpgate-shared/error';

/** One line of `mcpgate doctor`. */
export interface Finding {
  name: string;
  mark: 'good' | 'warning' | 'bad';
  /** What is so, and where it is not well what to do. */
  text: string;
  /** Of a bad one: what the exit code comes from. */
  code?: ErrorCode;
  /** What `--fix` does about it. */
  cure?: Cure;
}

/** `restart_daemon`: its version is another one. `install_client`: the AI client found here does not start mcpgate. */
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
