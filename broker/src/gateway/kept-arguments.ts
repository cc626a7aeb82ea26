// The values in the arguments of a call, as far as the record of its server has the log keep them. Most servers have it keep none, and then nothing is done.
import type { AuditArguments } from 'mcpgate-shared/api/servers';
import { findMember } from 'mcpgate-shared/mcp/json-span';
import { maskedArguments } from '../approvals/shown-arguments.ts';
import type { KeptArguments } from '../domain/call-record.ts';
import { parsedAsWritten } from '../mcp/exact-numbers.ts';
import { isRecord } from '../mcp/json-rpc-guard.ts';
import { byteLengthOf, partsOf, type Pieces } from '../message/pieces.ts';
import type { Request } from './request.ts';

/** Of one call; what is longer is cut. */
export const MOST_BYTES = 64 * 1024;

export function keptArguments(
  { text, params, paramsSpan, pieces }: Pick<Request, 'text' | 'params' | 'paramsSpan' | 'pieces'>,
  how: AuditArguments,
): KeptArguments | undefined {
  if (how === 'none') return undefined;
  const span = findMember(paramsSpan?.members ?? [], 'arguments');
  if (span === undefined) return undefined;
  const args = text.slice(span.start, span.end);
  const bytes = byteLengthOf(args, pieces);
  // A character is a byte at least.
  if (how === 'full')
    return {
      how,
      ...beginningOf(partsOf(pieces === undefined ? args.slice(0, MOST_BYTES) : args, pieces), bytes),
      bytes,
    };
  const given = params['arguments'];
  const values = pieces === undefined ? (parsedAsWritten(args, given) ?? given) : withoutPieces(given, pieces);
  const masked = Buffer.from(JSON.stringify(maskedArguments(values)), 'utf8');
  const { text: kept, isCut } = beginningOf([masked], masked.length);
  return { how, text: kept, bytes, isCut: isCut || pieces !== undefined };
}

/** `of`: how many bytes all of it has. */
function beginningOf(parts: readonly Buffer[], of: number): { text: string; isCut: boolean } {
  const taken: Buffer[] = [];
  let bytes = 0;
  for (const part of parts) {
    if (bytes >= MOST_BYTES) break;
    taken.push(part.subarray(0, MOST_BYTES - bytes));
    bytes += part.length;
  }
  const isCut = of > MOST_BYTES;
  // A character of which only the beginning is left is dropped.
  const text = new TextDecoder().decode(Buffer.concat(taken), { stream: isCut });
  return { text, isCut };
}

const LEFT_OUT = '…';

/** The arguments of a large request without its large values, which are not parsed; of a long string its beginning is left. */
function withoutPieces(value: unknown, pieces: Pieces): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutPieces(each, pieces));
  if (isRecord(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) =>
        isPiece(`${JSON.stringify(key)}:0`, pieces) ? [LEFT_OUT, LEFT_OUT] : [key, withoutPieces(each, pieces)],
      ),
    );
  if (typeof value !== 'string') return value;
  const json = JSON.stringify(value);
  if (!isPiece(json, pieces)) return value;
  const [first] = pieces.join(json);
  const beginning = first?.toString('utf8') ?? '';
  // A value that is a piece as a whole has no beginning here. The last word may be the beginning of a secret, which would not look like one.
  if (!beginning.startsWith('"') || !json.startsWith(beginning)) return LEFT_OUT;
  const read: unknown = JSON.parse(`${beginning}"`);
  return `${String(read).replace(/\S+$/, '')}${LEFT_OUT}`;
}

function isPiece(json: string, pieces: Pieces): boolean {
  const [first, ...others] = pieces.join(json);
  return others.length > 0 || first?.toString('utf8') !== json;
}
