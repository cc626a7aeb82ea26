// Finds the tool or prompt of a server that a client's name means. The name is only looked up in the server's list and never sent to it: the
// server gets the name that stands in its list.
import { GateError, toGateError } from 'mcpgate-shared/error';
import { HELD } from '../../definitions/definitions.ts';
import type { CompiledPolicy, Facts, Verdict } from '../../policy/verdict.ts';
import { untilAborted } from '../../domain/until-aborted.ts';
import type { CatalogItem, CatalogList, HeldItem } from '../lists/catalog.ts';
import { inBundle } from '../bundles/bundle-names.ts';
import { isCutName } from '../../mcp/exposed-name.ts';
import { ruleNames, toolClassOf, type RuleNames, type ToolClass } from '../../policy/naming.ts';
import { attemptOf } from '../../upstreams/attempt.ts';
import { remedy } from '../../upstreams/remedy.ts';
import type { Route } from './route.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

export type NamedKind = 'tools' | 'prompts';

/** The part of a list's entry that is needed to judge and forward a call. */
export type Named = Pick<CatalogItem, 'ownKey' | 'ruleNames' | 'repeatable'>;

export type NamedEntry =
  | { kind: 'listed'; entry: Named; verdict: Verdict }
  /** The rules deny every thing of this name, so the list was not looked into. */
  | { kind: 'denied'; ruleNames: Named['ruleNames']; verdict: Verdict }
  | { kind: 'missing' }
  /** The server's list cannot be read now. */
  | { kind: 'unreadable'; ruleNames: Named['ruleNames']; verdict: Verdict; error: GateError };

/** Where the name is denied, no list is read and no server is started. */
export async function namedEntry(
  parts: Pick<GatewayParts, 'catalog'>,
  scope: SessionScope,
  policy: CompiledPolicy,
  signal: AbortSignal,
  kind: NamedKind,
  { server, rest, written: name }: Route,
  facts: Facts,
): Promise<NamedEntry> {
  const { requester, only, principal } = scope;
  const questionOf = (of: RuleNames) => ({ principal, server: server.name, names: inBundle(scope, of), facts });
  const decide = (of: RuleNames): Verdict => policy.decide(questionOf(of));
  const namesOf = (toolClass: ToolClass) => ruleNames(kind, server.name, rest, toolClass);
  const said = toolClassOf(server, rest, undefined);
  const names = inBundle(scope, namesOf(said));
  // The class of a tool may stand in the list only: before that is read, the call is denied where it would be in either class.
  const classes = kind === 'tools' && said === 'unknown' ? (['write', 'read'] as const) : [said];
  const verdicts = classes.map((each) => policy.foresee(questionOf(namesOf(each))));
  const verdict = verdicts.find(({ decision }) => decision !== 'deny') ?? verdicts[0] ?? decide(namesOf(said));
  // Rules contain full names; which one a shortened name stands for can only be found in the list.
  const mayBeCut = only === undefined && isCutName(name) && policy.mayUse(principal, server.name);
  if (verdict.decision === 'deny' && !mayBeCut) return { kind: 'denied', ruleNames: names, verdict };
  const known = parts.catalog.known(kind, server, requester);
  let list = known;
  try {
    list ??= await untilAborted(parts.catalog.list(kind, server, requester), signal);
    // The server may have been updated since the list was read, without having announced it.
    if (known !== undefined && verdict.decision !== 'deny' && !isIn(known, name, only)) {
      const again = parts.catalog.again(kind, server, requester);
      if (again !== undefined) list = await untilAborted(again, signal);
    }
  } catch (error) {
    // If reading the list again fails, the former list still counts.
    if (list === undefined)
      return {
        kind: 'unreadable',
        ruleNames: names,
        verdict: decide(namesOf(said)),
        error: unsent(toGateError(error)),
      };
  }
  const entry = entryIn(list, name, only);
  if (entry === undefined) return heldEntry((of) => decide(of), heldIn(list, name, only));
  const meant = decide(entry.ruleNames);
  if (entry.ownKey === rest) return { kind: 'listed', entry, verdict: meant };
  if (meant.decision !== 'deny') return { kind: 'listed', entry, verdict: meant };
  // A caller who may not use what a shortened name stands for gets the same answer as for a name that stands for nothing.
  return verdict.decision === 'deny' ? { kind: 'denied', ruleNames: names, verdict } : { kind: 'missing' };
}

function entryIn(list: CatalogList, name: string, only: string | undefined): CatalogItem | undefined {
  return (only === undefined ? list.byKey : list.byOwnKey).get(name);
}

function heldIn({ held = [] }: CatalogList, name: string, only: string | undefined): HeldItem | undefined {
  return held.find(({ key, ownKey }) => (only === undefined ? key : ownKey) === name);
}

const isIn = (list: CatalogList, name: string, only: string | undefined): boolean =>
  entryIn(list, name, only) !== undefined || heldIn(list, name, only) !== undefined;

/** What waits for a person is denied to those who could use it otherwise; for others it is not there. */
function heldEntry(decide: (names: RuleNames) => Verdict, held: HeldItem | undefined): NamedEntry {
  if (held === undefined || decide(held.ruleNames).decision === 'deny') return { kind: 'missing' };
  return { kind: 'denied', ruleNames: held.ruleNames, verdict: HELD };
}

/** The error of reading the list, as the call's error: the call itself was never sent, so its outcome is not unknown. */
function unsent(error: GateError): GateError {
  return remedy(attemptOf(error), { what: 'list' }) === 'tell_unsent'
    ? new GateError('upstream', error.message, { cause: error })
    : error;
}
