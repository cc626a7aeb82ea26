// A client's file that cannot be read or edited as it is: said in one sentence, with what the person does about it.
import { GateError } from 'mcpgate-shared/error';

interface Fault {
  /** The file and what is wrong with it. */
  readonly fault: string;
  /** What the person does, without "then run this again". */
  readonly todo: string;
}

export function unusableFile({ fault, todo }: Fault, cause?: unknown): GateError {
  const message = `${fault}; nothing was changed: ${todo}, then run this again`;
  return new GateError('client_file', message, { cause, data: { fault, todo } });
}

/** For those who only look: nothing was to be changed, and `next` is what follows the mending. */
export function faultWords({ message, data }: GateError, next: string): string {
  const { fault, todo } = data ?? {};
  return typeof fault === 'string' && typeof todo === 'string' ? `${fault}: ${todo}, then ${next}` : message;
}
