// What stands in the body of a call's first row, as SQL of each engine. Indexes are made of these expressions, and a database uses such an index only for
// a question with the very same expression: so they are frozen as the migration is that makes the indexes.
import type { EngineKind } from '../engine.ts';
import { BodyWriter } from './body-bytes.ts';

/** The bytes of a number of a word, as `BodyWriter` has written it at that place. A byte below 0x80 is the last one. */
function numberAt(place: number, top: string): string {
  const whole = [1, 2, 3, 4].map(
    (count) => `when substr(body, ${place + count - 1}, 1) < ${top} then substr(body, ${place}, ${count})`,
  );
  return `case ${whole.join(' ')} else substr(body, ${place}, 5) end`;
}

function secondNumber(top: string): string {
  const behind = [1, 2, 3, 4].map(
    (count) => `when substr(body, ${count}, 1) < ${top} then ${numberAt(count + 1, top)}`,
  );
  return `case ${behind.join(' ')} else ${numberAt(6, top)} end`;
}

/** So many bytes of a session are in its index: few sessions have the same. */
const SESSION_BYTES = 6;

/** `isOld`: the row is of format 1, whose body is JSON. A few others look like it. */
export function bodySql(engine: EngineKind): { caller: string; policy: string; session: string; isOld: string } {
  const bytes = (hex: string): string => (engine === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'::bytea`);
  const top = bytes('80');
  // From the end: the trace is one byte where there is none, and else 18; before it the session, a UUID, has 17 with the byte that says so.
  const session = `case substr(body, length(body) - 17, 1) when ${bytes('03')}
    then substr(body, length(body) - 16, ${SESSION_BYTES}) else substr(body, length(body) - 33, ${SESSION_BYTES}) end`;
  return {
    caller: `(${numberAt(1, top)})`,
    policy: `(${secondNumber(top)})`,
    session: `(${session})`,
    isOld: `substr(body, 1, 2) = ${bytes('5b22')}`,
  };
}

/** As the index of callers and that of policies have it. */
export const wordKey = (id: number): Uint8Array => new BodyWriter().count(id).bytes();

/** Undefined for what is no UUID: sessions are, and no index leads to others. */
export function sessionKey(session: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(session)) return undefined;
  return new Uint8Array(Buffer.from(session.replaceAll('-', ''), 'hex').subarray(0, SESSION_BYTES));
}
