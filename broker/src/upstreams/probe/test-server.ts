// Finds out whether a server works, and whether its service takes the credential: connects anew, beside the live connections, and says each step and
// how long it took. `server test`, `secret set` and `secret rotate` all ask this one.
import { toGateError } from 'mcpgate-shared/error';
import type { AccountOwner } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import { identityHeaderOf, isAtUrl, runsHere } from '../../domain/transports/transports.ts';
import { connect, type ConnectDeps, type Connection } from '../pool/connect.ts';
import { parseRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import { offerOf } from '../session/list-pages.ts';
import { folderOf } from '../process/process-home.ts';
import { attemptOf } from '../attempt.ts';
import { remedy } from '../remedy.ts';
import { nextStep } from './next-step.ts';
import { connectTo, handshakeTls, resolveHost } from './probe-address.ts';
import { callProbe, namingAProbe, ProbeRefused } from './probe-call.ts';
import { accountValues } from '../secrets/account-values.ts';
import { resolveTransport, type SecretSourceNames } from '../secrets/resolved-transport.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, ServerFacts, TestReport, TestStep, TriedSecret, ProbeResult } from '../upstream.ts';

const UNTESTED = 'what needs an account was not tested';
const NOBODY = 'a server that wants to know who asks refuses what follows';
const ONE = { tools: 'tool', prompts: 'prompt', resources: 'resource', templates: 'resource template' } as const;
const SHOWN: readonly ListKind[] = ['tools', 'prompts', 'resources', 'templates'];

export interface TestRequest {
  record: ServerRecord;
  /** Names a home of its own, which is deleted again. */
  homeName: string;
  owner: AccountOwner | undefined;
  /** The person who tests, where it is one. */
  userId: string | undefined;
  /** What this secret is to be, for this connection alone. */
  tried?: TriedSecret | undefined;
  /** What the keys of the account are to be, for this connection alone. */
  keys?: ReadonlyMap<string, string> | undefined;
  /** How long the connection, and then each answer, may take; as for any other unless said. */
  limitMs?: number | undefined;
}

/** Stops at the first step that fails. */
export async function testServer(all: ConnectDeps, request: TestRequest): Promise<TestReport> {
  const { record, homeName, owner, userId, tried, keys: given, limitMs = all.startTimeoutMs } = request;
  const deps: ConnectDeps = {
    ...all,
    startTimeoutMs: Math.min(limitMs, all.startTimeoutMs),
    ...(tried === undefined ? {} : { vault: withTried(all.vault, record, tried) }),
    ...(given === undefined ? {} : { accounts: withKeys(all.accounts, given) }),
  };
  const isNobody = identityHeaderOf(record.transport) !== undefined && userId === undefined;
  const steps: TestStep[] = [];
  let verdict: ProbeResult = 'unproven';
  let tools: readonly ListedItem[] | null = null;
  const lists = new Map<ListKind, readonly ListedItem[]>();
  let instructions: string | undefined;
  const report = (): TestReport => {
    const seen = instructions === undefined ? null : { lists, instructions };
    return { steps, verdict, tools, seen };
  };
  let mask = (text: string): string => text;
  let sources: SecretSourceNames = new Map();
  let current = 'secrets';
  let since = performance.now();
  const begin = (step: string): void => {
    current = step;
    since = performance.now();
  };
  const ms = (): number => Math.round((performance.now() - since) * 10) / 10;
  const done = (detail: string, warnings: readonly string[] = [], next: string | null = null): void =>
    void steps.push({ step: current, ok: true, detail, ms: ms(), next, warnings });
  const take = async (step: string, work: () => Promise<string>): Promise<void> => {
    begin(step);
    done(await work());
  };

  let connection: Connection | undefined;
  try {
    if (owner !== undefined && record.account !== null) begin('account');
    const keys = owner === undefined ? undefined : await accountValues(record, owner, deps.accounts);
    begin('secrets');
    const resolved = await resolveTransport(record, deps.vault, keys);
    mask = resolved.mask.text;
    ({ sources } = resolved);
    const { transport, versions } = resolved;
    done(versions.length === 0 ? 'none needed' : versions.join(', '));
    if (isAtUrl(transport) && URL.canParse(transport.url)) await reach(new URL(transport.url), take);
    if (owner === undefined && record.account !== null) {
      begin('account');
      done('each person uses it with their own; whoever tests it as a person tests it with theirs', [UNTESTED]);
      return report();
    }
    const attempt = tried && deps.accounts.tryClient(record, { name: tried.name, value: tried.secret.value });
    if (attempt !== undefined) {
      begin('client');
      const answer = await attempt;
      if (answer.kind === 'refused') throw new ProbeRefused('upstream', answer.why);
      deps.accounts = withToken(deps.accounts, answer);
      done('its authorization server gives a token for it');
    }
    if (isNobody) {
      begin('identity');
      done('nobody is named to it, as no person tests it; whoever does so as a person is', [NOBODY]);
    }
    begin(isAtUrl(record.transport) ? 'handshake' : 'start');
    connection = await connect(deps, {
      record,
      homeName,
      owner,
      userId,
      onListChanged: () => undefined,
      onListStale: () => undefined,
      onNotification: () => undefined,
      onClosed: () => undefined,
      onStart(where) {
        if (!runsHere(record.transport)) return;
        done(where);
        begin('handshake');
      },
    });
    const { session } = connection;
    done(describeFacts(session.facts), session.faults);
    instructions = session.facts.instructions?.trim() ?? '';
    for (const kind of SHOWN) {
      const offer = offerOf(session.facts.capabilities, kind);
      if (offer === 'no') continue;
      begin(kind);
      const known = new Set(session.faults);
      const list = await session.list(kind, AbortSignal.timeout(2 * deps.startTimeoutMs));
      if (kind === 'tools') tools = list;
      lists.set(kind, list);
      if (offer === 'unsure' && list.length === 0) continue;
      const warnings = session.faults.filter((fault) => !known.has(fault));
      done(`${list.length} ${ONE[kind]}${list.length === 1 ? '' : 's'}`, warnings);
    }
    if (session.facts.generation === 'legacy') {
      await take('ping', async () => {
        const signal = AbortSignal.timeout(deps.startTimeoutMs);
        const { kind } = await session.request({ method: 'ping', paramsText: '{}', signal });
        return kind === 'result' ? 'answered' : 'answered with an error; it is alive';
      });
    }
    begin('probe');
    if (record.probe !== null) {
      const { mask: hide } = connection;
      const signal = AbortSignal.timeout(Math.min(limitMs, deps.requestTimeoutMs));
      done(await callProbe(session, record.probe, { tools: tools ?? [], signal, mask: hide }));
      verdict = 'accepted';
    } else if (needsCredential(record)) {
      done(NOT_VERIFIED, [], namingAProbe(record, tools ?? []));
    }
    if (connection.noise() > 0) {
      begin('noise');
      done(`${connection.noise()} lines on stdout that are no messages; it should log on stderr`);
    }
  } catch (error) {
    verdict = isRefusal(error) ? 'refused' : 'failed';
    const said = mask(error instanceof Error && 'code' in error ? error.message : toGateError(error).message);
    // What the error advises is for the value that is in use, and for whoever may be asked; neither is so here.
    const isPlain =
      (tried !== undefined || isNobody) && remedy(attemptOf(error), { what: 'credentials' }) === 'new_credentials';
    const detail = isPlain ? `server ${record.name} refused its credentials (HTTP 401)` : said;
    const next = nextStep(current, error, record, { isTried: tried !== undefined, sources, isNobody });
    steps.push({ step: current, ok: false, detail, ms: ms(), next, warnings: [] });
  } finally {
    await connection?.session.close();
    if (runsHere(record.transport)) await deps.homes.removeHome(folderOf(record), homeName);
  }
  return report();
}

const NOT_VERIFIED =
  'not verified: it lists, as many servers do whatever their credential is; with a read-only tool that needs the credential it is known';

function needsCredential(record: ServerRecord): boolean {
  return record.account !== null || secretNamesOfRecord(record).length > 0;
}

/** The service has looked at the credential, or at a call that carries it, and turned it away. */
function isRefusal(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof ProbeRefused) return true;
    if (remedy(attemptOf(each), { what: 'test' }) === 'new_credentials') return true;
  }
  return false;
}

/** A vault in which one secret has another value. */
function withTried(
  vault: ConnectDeps['vault'],
  { workspaceId }: ServerRecord,
  tried: TriedSecret,
): ConnectDeps['vault'] {
  return {
    used: () => undefined,
    refused: () => undefined,
    value: (workspace, name) =>
      workspace === workspaceId && name === tried.name ? Promise.resolve(tried.secret) : vault.value(workspace, name),
  };
}

/** Accounts of which each has these keys, whatever is kept. */
function withKeys(accounts: ConnectDeps['accounts'], values: ReadonlyMap<string, string>): ConnectDeps['accounts'] {
  return {
    ...accounts,
    keys: () => Promise.resolve({ kind: 'keys', values, version: 0 }),
    keysRefused: () => Promise.resolve(false),
  };
}

/** Accounts of which each has this token, whatever is kept. */
function withToken(
  accounts: ConnectDeps['accounts'],
  token: { kind: 'token'; value: string },
): ConnectDeps['accounts'] {
  return { ...accounts, token: () => token, refused: () => Promise.resolve(undefined) };
}

async function reach(url: URL, take: (step: string, work: () => Promise<string>) => Promise<void>): Promise<void> {
  await take('dns', () => resolveHost(url));
  await take('connect', () => connectTo(url));
  if (url.protocol === 'https:') await take('tls', () => handshakeTls(url));
}

function describeFacts({ generation, protocolVersion, capabilities, infoText }: ServerFacts): string {
  const info = parseRecord(infoText);
  const name = stringOf(info?.['name'])?.slice(0, 100) ?? 'a server without a name';
  const version = stringOf(info?.['version'])?.slice(0, 100) ?? '';
  const offered = Object.keys(capabilities);
  return `${name} ${version}, protocol ${protocolVersion} (${generation}), offers ${offered.join(', ') || 'nothing'}`;
}
