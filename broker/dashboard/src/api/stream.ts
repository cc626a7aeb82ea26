// Answers that come line by line: what the broker says of long work while it is at it.
import { z } from 'zod';
import { send, type AnswerOf, type AnyEndpoint, type Caller, type CallOptions, type InputOf } from './call.ts';
import { Problem } from './problem.ts';

/** The last line of a stream that failed on its way. */
const FailedSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Calls `endpoint` and gives each line of its answer as it comes. Throws a Problem, also where the stream ends with one. */
export async function* stream<E extends AnyEndpoint>(
  caller: Caller,
  endpoint: E,
  input: InputOf<E>,
  options: CallOptions = {},
): AsyncGenerator<AnswerOf<E>> {
  const response = await send(caller, endpoint, input as Parameters<typeof send>[2], options);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      const lines = (rest + (value ?? '')).split('\n');
      rest = done ? '' : (lines.pop() ?? '');
      for (const line of lines) if (line.trim() !== '') yield parsed(endpoint, line);
      if (done) return;
    }
  } catch (error) {
    if (error instanceof Problem || options.signal?.aborted === true) throw error;
    throw new Problem('offline', 'The connection to the broker broke off.', { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parsed<E extends AnyEndpoint>(endpoint: E, line: string): AnswerOf<E> {
  const said: unknown = JSON.parse(line);
  const failed = FailedSchema.safeParse(said);
  if (failed.success) throw new Problem('refused', failed.data.error.message, { code: failed.data.error.code });
  const answer = endpoint.answer.safeParse(said);
  if (answer.success) return answer.data as AnswerOf<E>;
  const message =
    'The broker answered something that these pages do not know. It may have been updated: load the page again.';
  throw new Problem('broken', message, { cause: answer.error });
}
