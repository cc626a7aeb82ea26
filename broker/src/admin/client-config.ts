// Reads one entry of an AI client's `mcpServers` into a server draft. The formats of Claude, Cursor, Windsurf, VS Code and Gemini
// differ in small ways; what only means something on a laptop is dropped and said.
import { ResourceLimitsSchema } from 'mcpgate-shared/api/resource-limits';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { withLimits } from '../domain/resource-limits.ts';
import type { Transport } from '../domain/server-record.ts';

export interface ServerDraft {
  name: string;
  enabled: boolean;
  transport: Transport;
  warnings: readonly string[];
}

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const textMap = z.record(z.string(), scalar.nullable()).transform((map) => {
  const entries = Object.entries(map).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
  return Object.fromEntries(entries);
});

const EntrySchema = z.looseObject({
  type: z.string().optional(),
  transport: z.string().optional(),
  command: z.string().min(1).optional(),
  args: z.array(scalar).default([]),
  env: textMap.nullish(),
  envFile: z.string().optional(),
  cwd: z.string().optional(),
  url: z.string().optional(),
  serverUrl: z.string().optional(),
  httpUrl: z.string().optional(),
  headers: textMap.nullish(),
  limits: ResourceLimitsSchema.optional(),
  disabled: z.boolean().optional(),
  enabled: z.boolean().optional(),
});

/** A draft, or undefined with a reason for the entry of mcpgate itself. Throws `usage` naming the entry. */
export function readClientEntry(name: string, value: unknown): ServerDraft | { skipped: string } {
  const checked = EntrySchema.safeParse(value);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    throw new GateError('usage', `${name}${issue === undefined ? '' : `.${issue.path.join('.')}: ${issue.message}`}`);
  }
  const entry = checked.data;
  const url = entry.url ?? entry.serverUrl ?? entry.httpUrl;
  const enabled = entry.disabled !== true && entry.enabled !== false;
  const warnings: string[] = [];
  if (entry.envFile !== undefined) {
    warnings.push(
      `${name}: envFile ${entry.envFile} is on the laptop and was not read; set its values with \`secret set\``,
    );
  }
  if (entry.command !== undefined) {
    if (/(^|[\\/])mcpgate(\.cmd|\.exe)?$/.test(entry.command))
      return { skipped: `${name}: this is mcpgate itself; left out` };
    const cwd = entry.cwd === undefined || entry.cwd.includes('${') ? undefined : entry.cwd;
    const transport = { kind: 'stdio' as const, command: entry.command, args: entry.args, env: entry.env ?? {} };
    const limits = withLimits({}, entry.limits ?? {});
    const more = { ...(cwd === undefined ? {} : { cwd }), ...(limits === undefined ? {} : { limits }) };
    return { name, enabled, transport: { ...transport, ...more }, warnings };
  }
  if (url !== undefined) {
    if (!/^https?:\/\/[^/?#\s]+/i.test(url))
      throw new GateError('usage', `${name}.url: it must start with https:// or http://`);
    if (/sse/i.test(entry.type ?? entry.transport ?? '') || /\/sse\/?$/.test(url.split(/[?#]/)[0] ?? '')) {
      warnings.push(
        `${name}: its address is one for the old SSE transport; mcpgate speaks Streamable HTTP, most services have it at /mcp`,
      );
    }
    if (entry.limits !== undefined) warnings.push(`${name}: limits are for servers that mcpgate starts; left out`);
    return { name, enabled, transport: { kind: 'http', url, headers: entry.headers ?? {} }, warnings };
  }
  throw new GateError('usage', `${name}: has neither \`command\` nor \`url\`; is this an entry of mcpServers?`);
}

/** A legal name close to `name`. */
export function legalServerName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 24)
    .replace(/^-+|-+$/g, '');
  return plain === '' ? 'server' : plain;
}
