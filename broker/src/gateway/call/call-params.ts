// Reads the params of a `tools/call` or `prompts/get`: a name and arguments. The arguments are passed on as the text that the client sent.
import { hash } from 'node:crypto';
import { findMember } from 'mcpgate-shared/mcp/json-span';
import { maskedKey } from '../../approvals/masked-text.ts';
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import { readRequestParams } from './request-params.ts';
import type { Request } from '../request.ts';

export interface CallParams {
  /** The tool or prompt as the client named it. */
  name: string;
  /** SHA-256 of the arguments as they stand in the request's text, hex; null: there are none. A large request is hashed by `argumentsDigest`. */
  argsDigest: string | null;
  argKeys: readonly string[];
  traceId: string | null;
  /** The caller's progress token, as JSON text. */
  progressToken: string | undefined;
  /** The params for the server, as JSON text: with the server's own name of the tool, and without the caller's progress token. */
  forUpstream(ownName: string): string;
}

const MAX_KEYS = 200;
const MAX_KEY_CHARS = 200;

/** Returns a sentence where the params are not valid. */
export function readCallParams(request: Request): CallParams | string {
  const { text, params, paramsSpan } = request;
  const name = params['name'];
  if (typeof name !== 'string') return '"name" must be a string';
  const args = params['arguments'];
  if (args !== undefined && !isRecord(args)) return '"arguments" must be an object';
  const argsAt = findMember(paramsSpan?.members ?? [], 'arguments');
  const read = readRequestParams(request);
  if (typeof read === 'string') return read;
  return {
    name,
    argsDigest: argsAt === undefined ? null : hash('sha256', text.slice(argsAt.start, argsAt.end), 'hex'),
    argKeys: args === undefined ? [] : keysOf(args),
    traceId: read.traceId,
    progressToken: read.progressToken,
    forUpstream: (ownName) => read.forUpstream({ name: JSON.stringify(ownName) }),
  };
}

/** A token that is a key is masked: the keys are searched and exported. */
const keysOf = (args: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(args)
    .slice(0, MAX_KEYS)
    .map((key) => maskedKey(key.slice(0, 2 * MAX_KEY_CHARS)).slice(0, MAX_KEY_CHARS));
