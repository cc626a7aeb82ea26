// The arguments of a call that is tried out, read as those of a call are: a number keeps all of its digits, and no member stands twice.
import { GateError } from 'mcpgate-shared/error';
import { parsedAsWritten, parsedExactly } from '../../../mcp/exact-numbers.ts';
import { duplicateKey } from '../../../mcp/duplicate-key.ts';
import { isRecord, parseRecord, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';

export interface TestedArguments {
  /** As they are judged. */
  exact: JsonRecord;
  /** As they are written again, to the digit. */
  written: JsonRecord;
}

const NONE: TestedArguments = { exact: {}, written: {} };

/** `args`: an object, or its JSON text. Undefined: nothing is said of them. Throws `usage`. */
export function testedArguments(args: JsonRecord | string | undefined): TestedArguments | undefined {
  if (args === undefined) return undefined;
  if (typeof args !== 'string') return { exact: args, written: args };
  const parsed = parseRecord(args);
  if (parsed === undefined) throw new GateError('usage', '--args: write a JSON object, as {"amount":20}');
  const twice = duplicateKey(args);
  if (twice !== undefined) throw new GateError('usage', `--args: ${JSON.stringify(twice)} stands twice`);
  const [exact, written] = [parsedExactly(args, parsed), parsedAsWritten(args, parsed)];
  if (!isRecord(exact) || !isRecord(written)) throw new GateError('usage', '--args: they are nested too deep');
  return { exact, written };
}

/** With what a bundle fixes. */
export const withFixed = (
  fixed: JsonRecord | undefined,
  { exact, written }: TestedArguments = NONE,
): TestedArguments => ({
  exact: { ...fixed, ...exact },
  written: { ...fixed, ...written },
});

export const lengthOf = ({ written }: TestedArguments): number => JSON.stringify(written).length;
