// Makes one connection to a server: fills the secrets into its record, opens the wire (prepare-wire.ts), and does the handshake.
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { Accounts } from '../../accounts/accounts.ts';
import type { AccountOwner } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { AttemptError, attemptOf, withWords } from '../attempt.ts';
import type { IdentityTokens } from '../../assertions/assertions.ts';
import { createBearer } from '../secrets/bearer.ts';
import { createCarriedHeaders } from '../secrets/carried-headers.ts';
import { accountValues } from '../secrets/account-values.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { lastWords } from '../wires/stdio/last-words.ts';
import type { OpeningMemory } from './opening-memory.ts';
import type { McpSession } from '../session/mcp-session.ts';
import { openSession } from '../session/open-session.ts';
import { paced } from './log-pace.ts';
import { remedy } from '../remedy.ts';
import { prepareWire } from '../wires/prepare-wire.ts';
import type { WireDeps } from '../wires/prepared-wire.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import { resolveTransport } from '../secrets/resolved-transport.ts';
import { createStderrRing } from '../wires/stdio/stderr-ring.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { Requester } from '../upstream.ts';

export interface Connection {
  readonly session: McpSession;
  readonly secretVersions: readonly string[];
  /** Notes that the connection's secrets are used now; called for each request. */
  readonly noteUse: () => void;
  /** The server did not take them (HTTP 401). */
  readonly noteRefused: () => void;
  /** How many lines on stdout were no messages. */
  readonly noise: () => number;
  readonly stderr: () => readonly string[];
  readonly mask: (text: string) => string;
}

export interface ConnectDeps extends WireDeps {
  vault: Pick<Secrets, 'value' | 'used' | 'refused'>;
  accounts: Pick<Accounts, 'keys' | 'token' | 'refused' | 'tryClient' | 'keysRefused' | 'pageOf'>;
  identityTokens: Pick<IdentityTokens, 'tokenFor'>;
  /** How each server was last opened. */
  openings: OpeningMemory;
  brokerVersion: string;
  startTimeoutMs: number;
  requestTimeoutMs: number;
  listAgeMs: number;
  random: () => number;
  /** Takes work that goes on after the caller was answered; the pool waits for it when it closes. The promise never rejects. */
  ending: (work: Promise<void>) => void;
}

export interface ConnectRequest {
  record: ServerRecord;
  /** The name of the home below the server's folder. */
  homeName: string;
  /** The owner of the account that the connection is made with, where the server wants one; undefined where the caller cannot have one. */
  owner: AccountOwner | undefined;
  /** The person whose connection it is; undefined: it is nobody's, or a grant's. */
  userId: string | undefined;
  /** The person or session whose own connection it is; left out where people share it. */
  requester?: Requester;
  onListChanged: (kind: ListKind) => void;
  onListStale: (kind: ListKind) => void;
  onNotification: (method: string, paramsText: string) => void;
  onClosed: (error: GateError) => void;
  /** Aborted where the connection is no longer wanted. */
  signal?: AbortSignal;
  /** Called with the command or URL before it is started or asked, for `server test`. */
  onStart?: (where: string) => void;
}

/** A start that failed, with what the process wrote to stderr: administrators want to see it, and the process is gone. */
export class FailedStart extends AttemptError {
  /** The last lines, masked. */
  readonly stderr: readonly string[];

  constructor(cause: GateError, message: string, stderr: readonly string[]) {
    super(cause.code, message, attemptOf(cause), { cause, retryAfterMs: cause.retryAfterMs });
    this.stderr = stderr;
  }
}

/** Throws GateError; a FailedStart where the connection was tried. */
export async function connect(deps: ConnectDeps, request: ConnectRequest): Promise<Connection> {
  const { record } = request;
  const keys = await accountValues(record, request.owner, deps.accounts);
  const resolved = await resolveTransport(record, deps.vault, keys).catch((error: unknown) => {
    throw ofServer(record, error);
  });
  const noteRefused = (): void => deps.vault.refused(record.workspaceId, resolved.versions);
  const bearer = createBearer(record, request.owner, deps.accounts, keys, resolved.hide);
  const carries = createCarriedHeaders({
    ...{ record, userId: request.userId, bearer, identityTokens: deps.identityTokens, hide: resolved.hide },
  });
  // Nothing is opened for whoever has no account, or whose access has ended.
  await carries?.current();
  let noise = 0;
  const stderr = createStderrRing(
    resolved.mask.text,
    paced(
      deps.clock,
      (line) => deps.log.debug({ server: record.name, stderr: line }, 'stderr'),
      (count) => deps.log.debug({ server: record.name, count }, 'more lines on stderr, which are not logged'),
    ),
  );
  const logNoise = paced(
    deps.clock,
    (line) => deps.log.debug({ server: record.name, noise, line }, 'a line on stdout that is no message'),
    (count) => deps.log.debug({ server: record.name, count }, 'more lines on stdout that are no messages'),
  );
  const onNoise = (line: string): void => {
    noise++;
    // The first lines show what the server prints; one that prints on every call must not fill the log.
    const kept = resolved.mask.text(line).slice(0, 1000);
    if (noise <= 5) deps.log.warn({ server: record.name, noise, line: kept }, 'a line on stdout that is no message');
    else logNoise(kept);
  };
  const {
    openWire,
    openSseWire: openOldWire,
    where,
    outOfReach,
  } = await prepareWire(deps, resolved.transport, {
    record,
    homeName: request.homeName,
    mask: resolved.mask,
    sources: resolved.sources,
    carries,
    output: { stderr, onNoise },
  });
  if (isGivenUp(request)) throw abandoned(record);
  request.onStart?.(where);
  const session = await inOneDeadline(deps, request, (signal) =>
    openSession({
      serverName: record.name,
      openWire(events) {
        stderr.clear();
        return openWire(events);
      },
      openSseWire: openOldWire,
      opening: deps.openings.of(record),
      log: deps.log,
      clock: deps.clock,
      brokerVersion: deps.brokerVersion,
      startTimeoutMs: deps.startTimeoutMs,
      requestTimeoutMs: deps.requestTimeoutMs,
      listAgeMs: deps.listAgeMs,
      random: deps.random,
      ...(request.requester === undefined ? {} : { requester: request.requester }),
      onListChanged: request.onListChanged,
      onListStale: request.onListStale,
      onNotification: request.onNotification,
      onClosed: request.onClosed,
      signal,
    }),
  ).catch((error: unknown) => {
    if (isGivenUp(request)) throw abandoned(record);
    if (remedy(attemptOf(error), { what: 'credentials' }) === 'new_credentials') noteRefused();
    throw describeFailure(toGateError(error), stderr.lines(), resolved.mask.text, outOfReach);
  });
  return {
    session,
    secretVersions: resolved.versions,
    noteUse() {
      deps.vault.used(record.workspaceId, resolved.versions)?.catch((error: unknown) => {
        deps.log.warn({ err: error, server: record.name }, 'when its secrets were last used could not be written down');
      });
    },
    noteRefused,
    noise: () => noise,
    stderr: () => stderr.lines(),
    mask: resolved.mask.text,
  };
}

/** Opens a session within `startTimeoutMs`, handshake included. Rejects with `timeout` then, whatever the server still leaves open. */
async function inOneDeadline(
  { clock, startTimeoutMs, ending }: ConnectDeps,
  { record, signal }: ConnectRequest,
  open: (signal: AbortSignal) => Promise<McpSession>,
): Promise<McpSession> {
  const late = new AbortController();
  let onLate: (error: GateError) => void = () => undefined;
  const deadline = new Promise<never>((_resolve, reject) => (onLate = reject));
  const cancel = clock.after(startTimeoutMs, () => {
    const seconds = Math.round(startTimeoutMs / 1000);
    onLate(new GateError('timeout', `server ${record.name} did not answer its handshake within ${seconds} s`));
    late.abort();
  });
  const opened = open(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
  try {
    return await Promise.race([opened, deadline]);
  } catch (error) {
    // A session that is opened after all is closed; the pool waits for that.
    ending(
      opened.then(
        (session) => session.close(),
        () => undefined,
      ),
    );
    throw error;
  } finally {
    cancel();
  }
}

/** Says which server cannot be started, where that is because of what its secret is read from. */
function ofServer({ name }: ServerRecord, error: unknown): unknown {
  const isAway = error instanceof GateError && remedy(attemptOf(error), { what: 'start' }) === 'tell';
  return isAway ? withWords(error, `server ${name}: ${error.message}`) : error;
}

function isGivenUp({ signal }: ConnectRequest): boolean {
  return signal?.aborted ?? false;
}

function abandoned(record: ServerRecord): GateError {
  return new GateError(
    'upstream',
    `the start of server ${record.name} was given up: its record or a secret of it changed`,
  );
}

function describeFailure(
  error: GateError,
  stderr: readonly string[],
  mask: (text: string) => string,
  outOfReach: string | undefined,
): GateError {
  const last = lastWords(stderr);
  const said = last === undefined ? '' : `; it last said: ${quoteForeign(last)}`;
  const hint = outOfReach === undefined ? '' : `; ${mask(outOfReach)}`;
  return new FailedStart(error, `${mask(error.message)}${said}${hint}`, stderr);
}
