// An error about one field of a request or file, with the path of that field, so that the API and `server edit` can mark it.
import { type ErrorCode, GateError } from 'mcpgate-shared/error';

export type MistakePath = readonly (string | number)[];

export class Mistake extends GateError {
  /** From the outside in, as `['transport', 'env', 'TOKEN']`. */
  readonly path: MistakePath;

  constructor(code: ErrorCode, message: string, path: MistakePath, options?: { cause?: unknown }) {
    super(code, message, options);
    this.path = path;
  }
}

/** What `work` returns; an error of it is about this place, unless it says another one. */
export function located<T>(path: MistakePath, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GateError) || error instanceof Mistake) throw error;
    throw new Mistake(error.code, error.message, path, { cause: error });
  }
}
