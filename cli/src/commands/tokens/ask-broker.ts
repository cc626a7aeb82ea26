// Asks the broker about what was found in the files: which server it has in the place of an entry, and which tokens are secrets of its vault. Keyed
// fingerprints and one count are all that is sent.
import {
  MAX_FINGERPRINTS,
  type TokenAnswer,
  TokenAnswerSchema,
  type TokenKey,
  TokenKeySchema,
} from 'mcpgate-shared/api/laptops/laptop-tokens';
import { legalServerName } from 'mcpgate-shared/entries/client-entry';
import { targetsOf } from 'mcpgate-shared/entries/entry-targets';
import { fingerprintOf, isGuessable } from 'mcpgate-shared/entries/fingerprint';
import { GateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import type { z } from 'zod';
import type { EntryWithSecrets } from '../../clients/tokens/find-tokens.ts';
import type { ClientFile } from '../../clients/tokens/survey.ts';
import type { McpSession } from '../tools/mcp-session.ts';
import { parseSessionInfo, type SessionInfo } from '../tools/session-info.ts';

export interface KnownSecret {
  /** Null where it is for servers that this person may not use. */
  name: string | null;
  version: number | null;
  /** Whether it is in use. */
  current: boolean;
}

export interface AskedEntry {
  readonly entry: EntryWithSecrets;
  /** The server that the broker has instead, which this person may use. */
  readonly server: string | null;
  /** What the broker's vault has, by the value. */
  readonly known: ReadonlyMap<string, KnownSecret>;
}

/** Where nobody could be asked. */
export const unasked = (entry: EntryWithSecrets): AskedEntry => ({ entry, server: null, known: new Map() });

/**
 * Throws what the broker says, and `upstream` where it is of before this. `projectFiles`: their tokens are
 * not counted, as such a file is looked at only now and then; those of the person's own files are.
 */
export async function askBroker(
  session: McpSession,
  entries: readonly EntryWithSecrets[],
  { signal, projectFiles }: { signal: AbortSignal; projectFiles: readonly ClientFile[] },
): Promise<AskedEntry[]> {
  const ask = async <S extends z.ZodType>(method: string, params: Record<string, unknown>, schema: S) => {
    const { result } = await session.request(method, params, { signal });
    const checked = schema.safeParse(result);
    if (!checked.success) throw new GateError('protocol', `the broker answered ${method} in an unknown way`);
    return checked.data;
  };
  const { key_id, key: text, servers } = await ask(OWN_METHODS.tokensKey, {}, TokenKeySchema);
  const key = Buffer.from(text, 'base64url');
  const values = [...new Set(entries.flatMap(({ secrets }) => secrets.map(({ value }) => value)))];
  const valueOf = new Map(
    values
      .filter((value) => !isGuessable(value))
      .slice(0, MAX_FINGERPRINTS)
      .map((value) => [fingerprintOf(key, 'secret', value), value]),
  );
  const isOwn = ({ file }: EntryWithSecrets): boolean => !projectFiles.some((each) => each.file === file);
  const counted = entries.filter(isOwn).flatMap(({ secrets }) => secrets);
  const found = counted.filter(({ kind }) => kind === 'secret').length;
  const report = { key_id, fingerprints: [...valueOf.keys()], found };
  const { secrets } = await ask(OWN_METHODS.tokensReport, report, TokenAnswerSchema);
  const asked = entries.map((entry) => askedEntry(entry, key, servers, valueOf, secrets));
  // Which of several is meant is asked only where it matters.
  const isDoubtful = asked.some(({ candidates }) => candidates.length > 1);
  const states = isDoubtful
    ? parseSessionInfo((await session.request(OWN_METHODS.session, {}, { signal })).result)
    : null;
  const works = (name: string): boolean => states?.servers.some((each) => each.name === name && isUsable(each)) ?? true;
  return asked.map(({ candidates, ...rest }) => {
    const name = legalServerName(rest.entry.name);
    return {
      ...rest,
      server: candidates.find((each) => each === name) ?? candidates.find(works) ?? candidates[0] ?? null,
    };
  });
}

/** Whether a server answers, with tools that this person may use. */
export const isUsable = ({ state, tools }: SessionInfo['servers'][number]): boolean =>
  state !== 'failed' && state !== 'account_needed' && tools > 0;

function askedEntry(
  entry: EntryWithSecrets,
  key: Buffer,
  servers: TokenKey['servers'],
  valueOf: ReadonlyMap<string, string>,
  answers: TokenAnswer['secrets'],
): Omit<AskedEntry, 'server'> & { candidates: readonly string[] } {
  const own = new Set(entry.secrets.map(({ value }) => value));
  const known = new Map<string, KnownSecret>();
  const bySecret: string[] = [];
  // One value may be several secrets, or several versions of one: one that is in use counts.
  for (const { fingerprint, name, version, current, servers: users } of answers) {
    const value = valueOf.get(fingerprint);
    if (value === undefined || !own.has(value)) continue;
    if (known.get(value)?.current !== true) known.set(value, { name, version, current });
    bySecret.push(...users);
  }
  const targets = entry.target === null ? [] : targetsOf(entry.target);
  const fingerprints = targets.map((target) => fingerprintOf(key, 'target', target));
  const names = (list: TokenKey['servers']): string[] => list.map((server) => server.name);
  const byTarget = names(servers.filter((server) => server.targets.some((each) => fingerprints.includes(each))));
  const byName = names(servers.filter((server) => server.name === legalServerName(entry.name)));
  // The surest first: where several are as sure, the name and what works decide.
  const ranked = [bySecret.filter((each) => byTarget.includes(each)), bySecret, byTarget, byName];
  return { entry, candidates: [...new Set(ranked.find((each) => each.length > 0))], known };
}
