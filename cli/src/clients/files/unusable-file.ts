// A client's file that cannot be read or edited as it is: said in one sentence, with what the person does about it.
import { GateError } from 'mcpgate-shared/error';

interface Fault {
  /** The file and what is wrong with it. */
  readonly fault: string;
  /** What the person does, without "then run this again". */
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

/** For those who only look: nothing was to be changed, and `next` is what follows the mending. */
export function faultWords(error: GateError, next: string): string {
  return error instanceof UnusableFile ? `${error.fault}: ${error.todo}, then ${next}` : error.message;
}
