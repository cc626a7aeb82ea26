// Which tool or prompt of a server a name means. Only what the server lists is ever called, under the name that the server gave it: what a
// caller writes is looked up and goes no further.
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { CompiledPolicy, Verdict } from '../../policy/verdict.ts';
import { untilAborted } from '../../domain/until-aborted.ts';
import { type CatalogItem, type CatalogList } from '../lists/catalog.ts';
import { isCutName } from '../lists/exposed-name.ts';
import { judge } from '../../policy/judge.ts';
import { ruleNames } from '../../policy/naming.ts';
import type { Route } from './route.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

export type NamedKind = 'tools' | 'prompts';

/** What is forwarded and judged of an entry of a list. */
export type Named = Pick<CatalogItem, 'ownKey' | 'ruleNames' | 'repeatable'>;

export type NamedEntry =
  | { kind: 'listed'; entry: Named; verdict: Verdict }
  /** Denied whatever it is, so that it need not be looked for. */
  | { kind: 'denied'; ruleNames: Named['ruleNames']; verdict: Verdict }
  | { kind: 'missing' }
  /** Its server's list cannot be had now. */
  | { kind: 'unreadable'; ruleNames: Named['ruleNames']; verdict: Verdict; error: GateError };

/** `name`: as the caller wrote it. A denial needs no list, and starts no process. */
export async function namedEntry(
  parts: Pick<GatewayParts, 'catalog'>,
  { requester, only, principal }: SessionScope,
  policy: CompiledPolicy,
  signal: AbortSignal,
  kind: NamedKind,
  name: string,
  { server, rest }: Route,
): Promise<NamedEntry> {
  const names = ruleNames(kind, server.name, rest);
  const verdict = judge(policy, principal, server.name, names);
  // Rules speak of whole names: what a cut one stands for only the list can tell.
  const mayBeCut = only === undefined && isCutName(name) && policy.mayUse(principal, server.name);
  if (verdict.decision === 'deny' && !mayBeCut) return { kind: 'denied', ruleNames: names, verdict };
  const known = parts.catalog.known(kind, server, requester);
  let list = known;
  try {
    list ??= await untilAborted(parts.catalog.list(kind, server, requester), signal);
    // It may have been deployed anew since then, and not have said so.
    if (known !== undefined && verdict.decision !== 'deny' && entryIn(known, name, only) === undefined) {
      const again = parts.catalog.again(kind, server, requester);
      if (again !== undefined) list = await untilAborted(again, signal);
    }
  } catch (error) {
    // Read again in vain, it counts as it was.
    if (list === undefined) return { kind: 'unreadable', ruleNames: names, verdict, error: unsent(toGateError(error)) };
  }
  const entry = entryIn(list, name, only);
  if (entry === undefined) return { kind: 'missing' };
  if (entry.ownKey === rest) return { kind: 'listed', entry, verdict };
  const meant = judge(policy, principal, server.name, entry.ruleNames);
  if (meant.decision !== 'deny') return { kind: 'listed', entry, verdict: meant };
  // Whoever may not use what a cut name stands for hears what they would if it stood for nothing.
  return verdict.decision === 'deny' ? { kind: 'denied', ruleNames: names, verdict } : { kind: 'missing' };
}

function entryIn(list: CatalogList, name: string, only: string | undefined): CatalogItem | undefined {
  return (only === undefined ? list.byKey : list.byOwnKey).get(name);
}

/** However the list failed, the call itself was never sent. */
function unsent(error: GateError): GateError {
  return error.code === 'unknown_outcome' || error.code === 'timeout'
    ? new GateError('upstream', error.message, { cause: error })
    : error;
}
