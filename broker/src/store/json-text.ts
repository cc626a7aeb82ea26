// Reads JSON that is stored as text. It goes through a schema, because somebody may have changed it in the database.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';

const stringList = z.array(z.string());

/** The value of `text`. Throws `internal` where it does not fit the schema; `what` names the row in that error. */
export function readJson<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GateError('internal', `${what} in the database is not JSON: was it changed by hand?`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new GateError('internal', `${what} in the database is malformed: was it changed by hand?`, {
    cause: parsed.error,
  });
}

export function readStringList(text: string, what: string): string[] {
  return readJson(stringList, text, what);
}
