// Which words of the log a filter of calls means: callers, policies, and how a call has ended. They are JSON texts, of which few repeat in millions of rows.
import type { z } from 'zod';
import type { RowReads } from '../../store/audit/row-reads.ts';
import { WORD, type WordKind } from '../../store/audit/words.ts';
import type { CallFilters } from '../audit.ts';
import { CallerSchema, EndedSchema, PolicySchema } from '../log-rows.ts';

type Caller = Pick<z.output<typeof CallerSchema>, 'credential_id' | 'credential_label' | 'device' | 'client_name'>;
type Policy = Pick<z.output<typeof PolicySchema>, 'decision' | 'rule'>;
type Ended = { status: string; secret_versions: readonly string[] };

/** Words of format 1 say no more of how a call ended. */
const WaySchema = EndedSchema.pick({ status: true, secret_versions: true });

/** Undefined where nothing is asked of the caller; and so for the others. */
export function callerTest({ credential, client }: CallFilters): ((caller: Caller) => boolean) | undefined {
  if (credential === undefined && client === undefined) return undefined;
  const isNamed = client === undefined ? undefined : like(client);
  return ({ credential_id: id, credential_label: label, device, client_name: name }) =>
    (credential === undefined || [id, label, device].includes(credential)) && isNamed?.(name ?? '') !== false;
}

export function policyTest({ decision, rule }: CallFilters): ((policy: Policy) => boolean) | undefined {
  if (decision === undefined && rule === undefined) return undefined;
  return (policy) =>
    (decision === undefined || policy.decision === decision) && (rule === undefined || policy.rule === rule);
}

export function endedTest({ status, secret }: CallFilters): ((ended: Ended) => boolean) | undefined {
  if (status === undefined && secret === undefined) return undefined;
  const wanted = secret === undefined ? undefined : carried(secret);
  return (ended) => {
    if (status !== undefined && ended.status !== status) return false;
    if (wanted === undefined) return true;
    const { name, version } = wanted;
    return ended.secret_versions.some((each) =>
      version === null ? each.startsWith(`${name}@`) : each === `${name}@${version}`,
    );
  };
}

/** The same of texts. One that nobody has written so fits nothing: what is wrong about it is found by a verification. */
export function wordTests(filters: CallFilters): Record<'caller' | 'policy' | 'ended', TextTest | undefined> {
  return {
    caller: ofText(CallerSchema, callerTest(filters)),
    policy: ofText(PolicySchema, policyTest(filters)),
    ended: ofText(WaySchema, endedTest(filters)),
  };
}

type TextTest = (text: string) => boolean;

function ofText<T>(schema: z.ZodType<T>, fits: ((value: T) => boolean) | undefined): TextTest | undefined {
  if (fits === undefined) return undefined;
  return (text) => {
    try {
      return fits(schema.parse(JSON.parse(text)));
    } catch {
      return false;
    }
  };
}

/** Whether a call without an end fits, too. */
export const asksForOpen = ({ status, secret }: CallFilters): boolean => secret === undefined && status === 'unknown';

export interface CallWords {
  callers: number[] | undefined;
  policies: number[] | undefined;
  ended: { facts: number[]; isOpen: boolean } | undefined;
}

/** The numbers of the words; undefined where nothing is asked of them. The database looks for a part of the text first, so that few are read. */
export async function callWords(
  log: Pick<RowReads, 'wordsHaving'>,
  workspaceId: string,
  filters: CallFilters,
): Promise<CallWords> {
  const { credential, client, decision, rule, secret, status } = filters;
  const tests = wordTests(filters);
  async function ids(kind: WordKind, fits: TextTest | undefined, parts: readonly (string | undefined)[]) {
    if (fits === undefined) return undefined;
    const some = parts.filter((part) => part !== undefined);
    return (await log.wordsHaving(workspaceId, kind, some)).flatMap(({ id, text }) => (fits(text) ? [id] : []));
  }
  const facts = await ids(WORD.ended, tests.ended, [
    status === undefined ? undefined : `"status":"${status}"`,
    secret === undefined ? undefined : inner(`${carried(secret).name}@`),
  ]);
  return {
    callers: await ids(WORD.caller, tests.caller, [
      credential === undefined ? undefined : `:${JSON.stringify(credential)}`,
      client === undefined ? undefined : partOf(client),
    ]),
    policies: await ids(WORD.policy, tests.policy, [
      decision === undefined ? undefined : `"decision":"${decision}"`,
      rule === undefined ? undefined : `"rule":${JSON.stringify(rule)}`,
    ]),
    ended: facts && { facts, isOpen: asksForOpen(filters) },
  };
}

/** As it stands within a JSON text. */
const inner = (text: string): string => JSON.stringify(text).slice(1, -1);

/** What a name that fits the pattern has. Of other letters than those of ASCII, databases do not all know the small ones. */
function partOf(pattern: string): string | undefined {
  const longest = pattern.split('*').reduce((one, other) => (other.length > one.length ? other : one), '');
  // oxlint-disable-next-line no-control-regex -- these are the letters of ASCII
  return longest === '' || !/^[\x20-\x7e]*$/.test(longest) ? undefined : inner(longest);
}

/** `NAME` or `NAME@VERSION`. */
export function carried(text: string): { name: string; version: number | null } {
  const [, name = text, version] = /^(.+)@(\d+)$/.exec(text) ?? [];
  return { name, version: version === undefined ? null : Number(version) };
}

/** `*` stands for any characters; large and small letters are the same. Takes no longer than the texts are long. */
export function like(pattern: string): (text: string) => boolean {
  const [first = '', ...others] = pattern.toLowerCase().split('*');
  const last = others.pop();
  return (whole) => {
    const text = whole.toLowerCase();
    if (last === undefined) return text === first;
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of others) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}
