// Reads a client's configuration for `server import`: JSON with comments and trailing commas, as editors write it.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { GateError } from 'mcpgate-shared/error';
import { LineCounter, parseDocument } from 'yaml';
import type { CommandContext } from './context.ts';
import { stripJsonComments } from './strip-json-comments.ts';

/** The entries of `mcpServers` (or `servers`, as VS Code writes); `-` reads stdin. Throws `usage` with file and line. */
export async function readClientConfig(context: CommandContext, file: string): Promise<Record<string, unknown>> {
  const source = file === '-' ? await text(context.stdin) : await read(resolve(context.cwd, file), file);
  const value = parse(source.replace(/^\uFEFF/, ''), file);
  const servers = entriesOf(value);
  if (servers === undefined)
    throw new GateError('usage', `${file}: holds no {"mcpServers": {…}}; is it the configuration of an AI client?`);
  return servers;
}

async function read(path: string, shownAs: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new GateError('usage', `${shownAs}: cannot be read (${reason})`, { cause: error });
  }
}

function parse(source: string, file: string): unknown {
  const json = stripJsonComments(source);
  try {
    return JSON.parse(json);
  } catch (error) {
    // YAML's parser reads JSON too, and knows the line; V8's message may quote the file, so a secret.
    const lines = new LineCounter();
    const first = parseDocument(json, { lineCounter: lines, prettyErrors: false }).errors[0];
    const line = first === undefined ? '' : `:${lines.linePos(first.pos[0]).line}`;
    throw new GateError('usage', `${file}${line}: is not valid JSON`, { cause: error });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entriesOf(value: unknown): Record<string, unknown> | undefined {
  if (!isRecord(value)) return undefined;
  const inner = isRecord(value['mcp']) ? value['mcp'] : value;
  return [value['mcpServers'], value['servers'], inner['servers'], inner['mcpServers']].find(isRecord);
}
