// `server test`: makes a connection of its own beside the live ones, goes through all steps from secrets to lists, and reports each with how long
// it took.
import { toGateError } from 'mcpgate-shared/error';
import type { AccountOwner } from '../../domain/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { isAtUrl, runsHere } from '../../domain/transports/transports.ts';
import { connect, type ConnectDeps, type Connection } from '../pool/connect.ts';
import { parseRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import { offerOf } from '../session/list-pages.ts';
import { folderOf } from '../process/process-home.ts';
import { nextStep } from './next-step.ts';
import { connectTo, handshakeTls, resolveHost } from './probe-address.ts';
import { accountValues } from '../secrets/account-values.ts';
import { resolveTransport } from '../secrets/resolved-transport.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ServerFacts, TestStep } from '../upstream.ts';

const UNTESTED = 'what needs an account was not tested';
const SHOWN: readonly ListKind[] = ['tools', 'prompts', 'resources', 'templates'];

/** `homeName`: of a home for this test alone, which is deleted at the end. `owner`: of the account to use. Stops at the first step that fails. */
export async function testServer(
  deps: ConnectDeps,
  record: ServerRecord,
  homeName: string,
  owner: AccountOwner | undefined,
): Promise<TestStep[]> {
  const steps: TestStep[] = [];
  let mask = (text: string): string => text;
  let current = 'secrets';
  let since = performance.now();
  const begin = (step: string): void => {
    current = step;
    since = performance.now();
  };
  const ms = (): number => Math.round((performance.now() - since) * 10) / 10;
  const done = (detail: string, warnings: readonly string[] = []): void =>
    void steps.push({ step: current, ok: true, detail, ms: ms(), next: null, warnings });
  const take = async (step: string, work: () => Promise<string>): Promise<void> => {
    begin(step);
    done(await work());
  };

  let connection: Connection | undefined;
  try {
    if (owner !== undefined && record.account !== null) begin('account');
    const keys = owner === undefined ? undefined : await accountValues(record, owner, deps.accounts);
    await take('secrets', async () => {
      const resolved = await resolveTransport(record, deps.vault, keys);
      mask = resolved.mask.text;
      return resolved.versions.length === 0 ? 'none needed' : resolved.versions.join(', ');
    });
    if (isAtUrl(record.transport)) {
      const { transport } = await resolveTransport(record, deps.vault, keys);
      if (isAtUrl(transport) && URL.canParse(transport.url)) await reach(new URL(transport.url), take);
    }
    if (owner === undefined && record.account !== null) {
      begin('account');
      done('each person uses it with their own; whoever tests it as a person tests it with theirs', [UNTESTED]);
      return steps;
    }
    begin(isAtUrl(record.transport) ? 'handshake' : 'start');
    connection = await connect(deps, {
      record,
      homeName,
      owner,
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
    for (const kind of SHOWN) {
      const offer = offerOf(session.facts.capabilities, kind);
      if (offer === 'no') continue;
      begin(kind);
      const known = new Set(session.faults);
      const list = await session.list(kind, AbortSignal.timeout(2 * deps.startTimeoutMs));
      if (offer === 'unsure' && list.length === 0) continue;
      const warnings = session.faults.filter((fault) => !known.has(fault));
      done(`${list.length} ${kind === 'templates' ? 'resource templates' : kind}`, warnings);
    }
    if (session.facts.generation === 'legacy') {
      await take('ping', async () => {
        const signal = AbortSignal.timeout(deps.startTimeoutMs);
        const { kind } = await session.request({ method: 'ping', paramsText: '{}', signal });
        return kind === 'result' ? 'answered' : 'answered with an error; it is alive';
      });
    }
    if (connection.noise() > 0) {
      begin('noise');
      done(`${connection.noise()} lines on stdout that are no messages; it should log on stderr`);
    }
  } catch (error) {
    const detail = mask(error instanceof Error && 'code' in error ? error.message : toGateError(error).message);
    const next = nextStep(current, error, record);
    steps.push({ step: current, ok: false, detail, ms: ms(), next, warnings: [] });
  } finally {
    await connection?.session.close();
    if (runsHere(record.transport)) await deps.homes.removeHome(folderOf(record), homeName);
  }
  return steps;
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
