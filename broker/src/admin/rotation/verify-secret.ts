// Whether the services take a value: every enabled server that refers to the secret is tested, each on a connection of its own.
import type { SecretStep } from 'mcpgate-shared/api/secrets';
import { atMost } from 'mcpgate-shared/at-most';
import type { ServerRecord } from '../../domain/server-record.ts';
import { secretNamesIn, secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import type { Store } from '../../store/store.ts';
import type { TestReport, TestStep, TriedSecret, Upstreams, ProbeResult } from '../../upstreams/upstream.ts';

export interface Verification {
  /** Null where it is not known. */
  verified: boolean | null;
  /** One for each server, by name. */
  steps: SecretStep[];
  verdicts: { server: string; verdict: ProbeResult }[];
}

/** So many servers are started or asked at the same time. */
const AT_ONCE = 4;

export async function verifySecret(
  { upstreams, store }: { upstreams: Pick<Upstreams, 'test'>; store: Pick<Store, 'servers'> },
  secret: { workspaceId: string; name: string },
  options: { tried?: TriedSecret; limitMs?: number; onStep?: (step: SecretStep) => void } = {},
): Promise<Verification> {
  const { onStep, ...how } = options;
  const servers = (await store.servers.list(secret.workspaceId)).filter(
    (server) => server.enabled && secretNamesOfRecord(server).includes(secret.name),
  );
  const inTurn = atMost(AT_ONCE);
  const found = await Promise.all(
    servers.map((server) =>
      inTurn(async () => {
        const report = asFarAsItTells(await upstreams.test(server, how), server, secret.name);
        const verified = isOutOfReach(report) && options.tried === undefined ? null : VERIFIED[report.verdict];
        const step = probeStep(server.name, report, verified);
        onStep?.(step);
        return { server: server.name, verdict: report.verdict, verified, step };
      }),
    ),
  );
  return {
    verified: allOf(found.map(({ verified }) => verified)),
    steps: found.map(({ step }) => step),
    verdicts: found.map(({ server, verdict }) => ({ server, verdict })),
  };
}

const VERIFIED: Readonly<Record<ProbeResult, boolean | null>> = {
  accepted: true,
  refused: false,
  failed: false,
  unproven: null,
};

/**
 * Nothing that carries the value was sent. Of one that is in use already, nothing is known then; one that is only tried has not shown what it must
 * show before it is used.
 */
function isOutOfReach({ steps }: TestReport): boolean {
  const failed = steps.find(({ ok }) => !ok);
  return failed !== undefined && ['dns', 'connect', 'tls'].includes(failed.step);
}

/** True where all are, false where one is, else not known; of none it is not known. */
export function allOf(each: readonly (boolean | null)[]): boolean | null {
  if (each.includes(false)) return false;
  return each.length === 0 || each.includes(null) ? null : true;
}

/** A token that was had before tells nothing of the secret with which the client proves itself when it is refreshed. */
function asFarAsItTells(report: TestReport, { name, transport, account }: ServerRecord, secret: string): TestReport {
  const isClients =
    account?.kind === 'oauth' && account.grant === undefined && !secretNamesIn(transport).includes(secret);
  if (!isClients || report.verdict !== 'accepted') return report;
  const detail = `not verified: server ${name} answers by a token that was had before; its authorization server is shown the secret when that is refreshed`;
  const steps = report.steps.map((step) => (step.step === 'probe' ? { ...step, detail } : step));
  return { ...report, steps, verdict: 'unproven' };
}

function probeStep(server: string, { steps }: TestReport, verified: boolean | null): SecretStep {
  const telling = tellingStep(steps);
  const isFailure = telling?.ok === false;
  const where = isFailure && telling.step !== 'probe' ? `${telling.step}: ` : '';
  return {
    step: 'probe',
    server,
    ok: !isFailure,
    verified,
    detail: `${where}${telling?.detail ?? 'nothing was tested'}`,
    ms: Math.round(steps.reduce((sum, step) => sum + step.ms, 0)),
    next: telling?.next ?? null,
  };
}

/** The one that failed, else the probe, else where it ended. */
function tellingStep(steps: readonly TestStep[]): TestStep | undefined {
  return steps.find(({ ok }) => !ok) ?? steps.find(({ step }) => step === 'probe') ?? steps.at(-1);
}
