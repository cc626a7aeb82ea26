// Numbers that JavaScript reads as others than were written, such as ids of 64 bits: a server may read all of their digits, so they are judged and shown
// by all of them.
import { parseJson, type ReadNumber } from 'mcpgate-shared/mcp/parse-json';

/** Nothing else is read as another number. */
const MAY_BE_ROUNDED = /[\d.]{16}|\d[eE]/;
const PARTS = /^(-?\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;

type RawJson = { rawJSON(text: string): object; isRawJSON(value: unknown): boolean };

/** The JSON text with whole numbers as `bigint` where a number would be another one. `parsed`: the same, parsed already. Undefined: it is nested too deep. */
export const parsedExactly = (text: string, parsed: unknown): unknown =>
  readWith(text, parsed, (value, source) => {
    const exact = Number.isFinite(value) ? wholeNumber(source) : undefined;
    return exact === undefined || BigInt(value) === exact ? value : exact;
  });

/** The same with numbers that are written again as they were. */
export const parsedAsWritten = (text: string, parsed: unknown): unknown =>
  readWith(text, parsed, (value, source) =>
    JSON.stringify(value) === source ? value : (JSON as unknown as RawJson).rawJSON(source),
  );

export const isWrittenNumber = (value: unknown): boolean => (JSON as unknown as RawJson).isRawJSON(value);

function readWith(text: string, parsed: unknown, read: ReadNumber): unknown {
  if (!MAY_BE_ROUNDED.test(text)) return parsed;
  try {
    return parseJson(text, read);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Undefined: it is none. */
function wholeNumber(source: string): bigint | undefined {
  const [, whole = '', fraction = '', exponent = '0'] = PARTS.exec(source) ?? [];
  const digits = whole + fraction;
  const zeros = Number(exponent) - fraction.length;
  if (zeros >= 0) return BigInt(digits + '0'.repeat(zeros));
  return /^0*$/.test(digits.slice(zeros)) ? BigInt(digits.slice(0, zeros) || '0') : undefined;
}
