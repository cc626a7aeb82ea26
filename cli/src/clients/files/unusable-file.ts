// The error for a client's file that cannot be read or edited: one sentence that also says what the person has to do.
import { GateError } from 'mcpgate-shared/error';

interface Fault {
  /** Names the file and says what is wrong with it. */
  readonly fault: string;
  /** What the person has to do, without "then run this again". */
  readonly todo: string;
}

class UnusableFile extends GateError implements Fault {
  readonly fault: string;
  readonly todo: string;

  constructor({ fault, todo }: Fault, cause: unknown) {
    super('client_file', `${fault}; nothing was changed: ${todo}, then run this again`, { cause });
    this.fault = fault;
    this.todo = todo;
  }
}

export function unusableFile(fault: Fault, cause?: unknown): GateError {
  return new UnusableFile(fault, cause);
}

/** The message for commands that only read the file. `next`: what the person does after the correction. */
export function faultWords(error: GateError, next: string): string {
  return error instanceof UnusableFile ? `${error.fault}: ${error.todo}, then ${next}` : error.message;
}
