// Checks what a person typed with the endpoint's own schema before it is sent, so that an error names the flag that was typed, and not the
// field of the API.
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
import { GateError } from 'mcpgate-shared/error';
import type { z } from 'zod';

export interface Parts {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

const MOST_SHOWN = 3;

/** The flag of a field, where the two have different names. */
const WORDS: Readonly<Record<string, string>> = {
  name: 'NAME',
  id: 'ID',
  command: 'COMMAND',
  url: 'URL',
  value: 'the value',
  users: 'PERSON',
  user_code: 'CODE',
  enforcement: 'MODE',
  servers: '--server',
  groups: '--group',
  expires_in_s: '--expires',
  keep_for_s: '--keep-for',
  timeout_ms: '--timeout',
  refresh_s: '--refresh',
  limits: '--limit',
  approvers: '--approver',
  headers: '--header',
  mcpServers: 'FILE',
};

/** The same for fields of one endpoint alone. */
const OWN_WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  addBundle: { tools: '--tool' },
  approveLogin: { user: '--as' },
  approveRequest: { for_s: '--for' },
  renameServer: { to: 'NEW' },
  setBundle: { tools: '--tool' },
};

/** Throws `usage`; the error never holds a value that was typed. */
export function checkTyped(endpoint: Endpoint, { params, query, body }: Parts): void {
  const parts = [
    [endpoint.params, params ?? {}],
    [endpoint.query, query ?? {}],
    [endpoint.body, body],
  ] as const;
  const issues = parts.flatMap(([schema, value]) => schema.safeParse(value).error?.issues ?? []);
  const told = [...new Set(issues.map((issue) => sentenceOf(endpoint, issue)))];
  if (told.length > 0) throw new GateError('usage', told.slice(0, MOST_SHOWN).join('; '));
}

function sentenceOf({ name }: Endpoint, issue: z.core.$ZodIssue): string {
  // `transport` is a field without a flag of its own.
  const path = issue.path.map(String);
  // With --dry-run a rule is a part of the change that is tried out; its flags are the same.
  const typed = path[0] === 'change' && path[1] === 'rules' ? path.slice(3) : path;
  const [field, ...rest] = typed.filter((part) => part !== 'transport');
  if (field === undefined) return plainIssue(issue);
  const word = OWN_WORDS[name]?.[field] ?? WORDS[field] ?? `--${field.replaceAll('_', '-')}`;
  const [key] = rest;
  if (field === 'args') return `argument ${Number(key) + 1} of the command: ${plainIssue(issue)}`;
  // All entries of a list have the same flag; of a map, the key was typed too.
  return `${key === undefined || /^\d+$/.test(key) ? word : `${word} ${key}`}: ${plainIssue(issue)}`;
}
