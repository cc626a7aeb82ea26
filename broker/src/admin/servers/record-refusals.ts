// What a record may not say, whoever adds or changes it and in whichever way. Each refusal names its place in the record (`Mistake`).
import { may } from 'mcpgate-shared/api/roles';
import { extractSecrets, type FoundSecret } from 'mcpgate-shared/entries/secret-extraction';
import { senseOfValue } from 'mcpgate-shared/entries/value-sense';
import { secretReference } from 'mcpgate-shared/values/secret-reference';
import { GateError } from 'mcpgate-shared/error';
import { located, Mistake, type MistakePath } from '../../domain/mistake.ts';
import type { RecordFields, ServerRecord } from '../../domain/server-record.ts';
import { secretNamesIn, secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import { shownTransport, type Transport } from '../../domain/transports/transports.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { assertAccountFits } from '../accounts/account-forms.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { assertMaySend } from '../import/secret-references.ts';
import type { Caller } from '../operation.ts';
import { assertMayRun } from './stdio-permission.ts';

/**
 * Throws `usage` for a record that cannot be or that holds a secret, `forbidden` where the caller may not have it, and `not_found` for a secret
 * that is not there. `before`: the record that is changed; what it says already is not held against anybody. `brought`: secrets that come along.
 */
export async function assertRecordFits(
  { vault, allowedCommands }: Pick<AdminDependencies, 'vault' | 'allowedCommands'>,
  caller: Caller,
  { name, ...fields }: { name: string } & RecordFields,
  { before, brought = [] }: { before?: ServerRecord; brought?: readonly string[] },
): Promise<void> {
  const { transport, account } = fields;
  located(['account'], () => assertAccountFits({ name, ...fields }));
  located(['transport'], () => assertMayRun(caller, name, transport, allowedCommands, before?.transport));
  const known = new Set((await vault.list(caller.workspaceId)).map((secret) => secret.name));
  const said = before && isSameReach(before.transport, transport) ? before.transport : undefined;
  refusePlainSecrets(name, transport, caller.workspaceId, known, before?.transport);
  const wanted = secretNamesOfRecord(fields);
  // Whoever says anew where it is, or how it is asked, could read there what it gets; what is sent to an authorization server is told by the account.
  const isSameAccount = JSON.stringify(before?.account) === JSON.stringify(account);
  const kept = said === undefined ? [] : isSameAccount && before ? secretNamesOfRecord(before) : secretNamesIn(said);
  located(['transport'], () => assertMaySend(caller, wanted, new Set([...kept, ...brought])));
  located(['transport'], () =>
    assertMayMoveAccounts(caller, name, before, { isSameReach: said !== undefined, isSameAccount }),
  );
  if (!isSameAccount) located(['account'], () => assertMayNameIssuer(caller, name, account));
  const former = new Set([...brought, ...(before === undefined ? [] : secretNamesOfRecord(before))]);
  const missing = wanted.filter((secret) => !known.has(secret) && !former.has(secret));
  const [first] = missing;
  if (first === undefined) return;
  throw new Mistake(
    'not_found',
    `no secret named ${missing.join(', ')}; set it first: \`secret set ${first}${inWorkspace(caller.workspaceId)}\``,
    pathOfText(fields, secretReference(first)),
  );
}

/**
 * Throws `forbidden` where the caller is no administrator and changes what an account at the server is sent to, or how one is made: whoever does
 * so reads what people send there.
 */
function assertMayMoveAccounts(
  { role }: Caller,
  name: string,
  before: ServerRecord | undefined,
  { isSameReach, isSameAccount }: { isSameReach: boolean; isSameAccount: boolean },
): void {
  if (may(role, 'reach') || (before?.account ?? null) === null || (isSameReach && isSameAccount)) return;
  throw new GateError(
    'forbidden',
    `an administrator must change where ${name} is and how it is asked, as it is used with accounts: whoever does so could read them there`,
  );
}

/** An issuer that is named is believed also where it sends people to another host to log in, as an administrator has answered for it. */
function assertMayNameIssuer({ role }: Caller, name: string, account: RecordFields['account']): void {
  if (may(role, 'reach') || account?.kind !== 'oauth' || account.issuer === undefined) return;
  throw new GateError('forbidden', `an administrator must name the issuer of ${name}'s accounts`);
}

/** Whether both lead to the same place in the same way: they may differ in limits and network. */
function isSameReach(a: Transport, b: Transport): boolean {
  const [{ network: _a, ...before }, { network: _b, ...after }] = [shownTransport(a), shownTransport(b)];
  return JSON.stringify(before) === JSON.stringify(after);
}

/** A record never holds a secret, and a command line is seen by every process of the host. Throws `usage`. */
export function refusePlainSecrets(
  server: string,
  transport: Transport,
  workspaceId: string,
  known: ReadonlySet<string>,
  before: Transport | undefined,
): void {
  // A name that is there already is another secret's: it would be overwritten by who does as the message says.
  const isTaken = (name: string): boolean => known.has(name);
  const placeOf = ({ from, value }: FoundSecret): string => `${from}\n${value ?? ''}`;
  const { found } = extractSecrets(server, transport, { isTaken });
  // Of what is there already a person has said that it is none.
  const there = new Set(before && extractSecrets(server, before, { isTaken }).found.map(placeOf));
  // What may be anything is only refused where it looks like chance.
  const first = found.find(
    (each) => !there.has(placeOf(each)) && (each.kind !== 'doubtful' || senseOfValue(each.value ?? '') === 'random'),
  );
  if (first === undefined) return;
  throw new Mistake(
    'usage',
    `${first.from}: this looks like a secret, and a command line can be read by other people and ends in the shell's history. ` +
      `Put it in the vault with \`secret set ${first.name}${inWorkspace(workspaceId)}\`, and write \${secret:${first.name}} in its place.`,
    first.value === undefined ? ['transport'] : pathOfText({ transport }, first.value),
  );
}

/** Where a text stands in a record. */
function pathOfText(record: object, text: string): MistakePath {
  return find(record, []) ?? ['transport'];

  function find(value: unknown, path: MistakePath): MistakePath | undefined {
    if (typeof value === 'string') return value.includes(text) ? path : undefined;
    if (typeof value !== 'object' || value === null) return undefined;
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value)) {
      const found = find(inner, [...path, isList ? Number(key) : key]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
