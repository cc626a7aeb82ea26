// A terminal at which a person answers each prompt of a command with the next line.
import { PassThrough, Writable } from 'node:stream';

export interface TypedAnswers {
  stdin: PassThrough & { isTTY: boolean; setRawMode(raw: boolean): void };
  stderr: Writable;
  /** What stood on the terminal. */
  shown(): string;
  /** Answers that nobody asked for. */
  left: readonly string[];
}

/** A prompt ends with a colon, or with a question in brackets. */
const PROMPT = /(?:: |\] )$/;

export function typedAnswers(answers: readonly string[]): TypedAnswers {
  const left = [...answers];
  let shown = '';
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      shown += chunk.toString();
      done();
      if (!PROMPT.test(shown)) return;
      const answer = left.shift();
      setImmediate(() => (answer === undefined ? stdin.end() : stdin.write(`${answer}\r`)));
    },
  });
  return { stdin, stderr, shown: () => shown, left };
}
