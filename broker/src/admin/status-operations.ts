// The operations about the broker itself: its status, and the caller's own name and role.
import type { KeptBackup } from 'mcpgate-shared/api/backups/backups';
import { statusApi, type Status } from 'mcpgate-shared/api/status';
import type { ArchivesState, ArchiveView } from '../audit/archive/archives.ts';
import type { SourceView } from '../vault/vault.ts';
import { inWorkspace } from '../domain/workspace.ts';
import { PATIENCE_MS, queueOfHook, receiverWarnings } from '../hooks/receiver-state.ts';
import type { TelemetryProblem } from '../telemetry/otlp-receiver.ts';
import { GateError } from 'mcpgate-shared/error';
import { localTime } from 'mcpgate-shared/local-time';
import type { MasterKeyView } from '../vault/key-rotation.ts';
import { definitionWarnings } from './definition-operations.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { operation, type Operation } from './operation.ts';
import { approverDoubts } from './rules/approver-doubts.ts';
import { openingWarnings } from './rules/opening-warnings.ts';
import { unreadableRules } from './rules/unreadable-rules.ts';

const timeOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

export function statusOperations({
  store,
  upstreams,
  links,
  memory,
  eventLoopDelay,
  facts,
  keys,
  secretWatch,
  vault,
  audit,
  archives,
  backups,
  backupMaxAgeMs,
  clock,
  hooks,
  telemetryProblems,
}: {
  audit: Pick<AdminDependencies['audit'], 'searchEvents' | 'checkpoints'>;
  archives: Pick<AdminDependencies['archives'], 'list' | 'state'>;
} & Pick<
  AdminDependencies,
  | 'clock'
  | 'backups'
  | 'backupMaxAgeMs'
  | 'keys'
  | 'vault'
  | 'store'
  | 'upstreams'
  | 'secretWatch'
  | 'links'
  | 'memory'
  | 'eventLoopDelay'
  | 'facts'
  | 'telemetryProblems'
> & {
    hooks: {
      authorizer: Pick<AdminDependencies['hooks']['authorizer'], 'states'>;
      deliveries: Pick<AdminDependencies['hooks']['deliveries'], 'queues'>;
      feeds: Pick<AdminDependencies['hooks']['feeds'], 'state'>;
    };
  }): Operation[] {
  /** Of the hooks that are told something: what waits for those that take nothing. */
  async function receivers(workspaceId: string): Promise<Attention[]> {
    const all = await store.hooks.list(workspaceId);
    const each = all.map(async (hook) => {
      const queue = await queueOfHook(hooks, workspaceId, hook);
      return about('hook', receiverWarnings(workspaceId, hook, queue, clock.now()), hook.name);
    });
    return (await Promise.all(each)).flat();
  }

  return [
    operation(statusApi.status, async (_input, { workspaceId }) => {
      const [readiness, policy, users, key, holding, proposals, secrets, definitions, removed, backup, files, told] =
        await Promise.all([
          facts.readiness(),
          store.policy.snapshot(workspaceId),
          store.users.count(workspaceId),
          keys.status(),
          store.laptopFindings.list(workspaceId),
          store.proposals.list(workspaceId, { all: false }),
          secretWatch.warnings(workspaceId),
          definitionWarnings(store, workspaceId),
          store.policy.removedRules(workspaceId),
          backups.last(),
          archives.list(),
          receivers(workspaceId),
        ]);
      const unapproved = await approverDoubts({ store, clock }, workspaceId, policy.rules);
      const servers = upstreams.status(workspaceId);
      const live = links().filter((link) => link.workspaceId === workspaceId);
      const kept = memory();
      const delay = eventLoopDelay();
      const attention = [
        ...(readiness.kind === 'not_ready' ? about('broker', [withCause(readiness.why)]) : []),
        ...about('master_key', keyWarnings(key)),
        ...about('backup', backupWarnings(backup, backupMaxAgeMs(), clock.now())),
        ...about(
          'checkpoints',
          audit.checkpoints.places.flatMap(({ name, problem }) =>
            problem === null ? [] : [`checkpoints of the log cannot be kept at ${name}: ${problem}`],
          ),
        ),
        ...about('archives', archiveWarnings(archives.state, files)),
        ...secrets.flatMap(({ name, text }) => about('secret', [text], name)),
        ...definitions.flatMap(({ server, text }) => about('definitions', [text], server)),
        ...vault.sources.views(workspaceId).flatMap((view) => about('secret', sourceWarning(view), view.name)),
        ...servers
          .filter((server) => server.processIsolation === 'none' && server.state !== 'disabled')
          .flatMap((server) =>
            about(
              'server',
              [
                `server ${server.name} is not isolated (none): it runs as the broker's own user, so it could read the broker's files; ${server.noSandbox}`,
              ],
              server.name,
            ),
          ),
        ...servers.flatMap(({ name, warnings: [first, ...more] }) =>
          first === undefined
            ? []
            : about('server', [`server ${name}: ${first}${andMore(name, workspaceId, more.length)}`], name),
        ),
        ...about('hook', hookWarnings(policy.hook, hooks.authorizer, workspaceId), policy.hook?.name),
        ...told,
        ...about('telemetry', telemetryWarnings(telemetryProblems(), clock.now())),
        ...(policy.enforcement === 'enforce'
          ? []
          : about('rules', [
              `enforcement is ${policy.enforcement}: rules do not deny anything; \`enforcement enforce${inWorkspace(workspaceId)}\` makes them`,
            ])),
        ...about('rules', openingWarnings(policy.rules, removed)),
        ...about('rules', unreadableRules(policy.rules)),
        ...about(
          'rules',
          unapproved.flatMap((doubt, at) => (doubt === undefined ? [] : [`rule ${policy.rules[at]?.id}: ${doubt}`])),
        ),
        ...(holding.some((laptop) => laptop.live > 0)
          ? about('laptops', [
              `secrets in use here stand in clear on laptops: \`audit search --events --type 'laptop.*'${inWorkspace(workspaceId)}\` says whose; rotate them once they are taken out (\`mcpgate install-clients --clean-tokens\`)`,
            ])
          : []),
        ...(policy.rules.length === 0 && policy.enforcement === 'enforce'
          ? about('rules', [
              `no rule yet: nobody may do anything; \`rule add --allow --who group:NAME --what 'SERVER__*'${inWorkspace(workspaceId)}\` lets people in`,
            ])
          : []),
      ];
      return {
        version: facts.version,
        url: facts.url,
        state: readiness.kind,
        pid: facts.pid,
        started_at: isoTime(facts.startedAt),
        data: facts.dataDir,
        database: facts.database,
        schema_version: facts.schemaVersion,
        audit: {
          durability: facts.durability,
          checkpoint_at: timeOrNull(audit.checkpoints.lastAt),
          places: audit.checkpoints.places.map(({ name, keptAt, problem }) => ({
            ...{ name, kept_at: timeOrNull(keptAt), problem },
          })),
          archives: archivesView(archives.state, files),
        },
        master_key: { id: key.id, created_at: isoTime(key.createdAt), is_rotating: key.rotation !== null },
        last_backup: backup ?? null,
        other_brokers: facts.replicas.others().map(({ location }) => location),
        enforcement: policy.enforcement,
        rules: policy.rules.length,
        users,
        laptops_with_tokens: holding.length,
        laptops_with_live_secrets: holding.filter((laptop) => laptop.live > 0).length,
        proposals: proposals.length,
        links: live.length,
        channels: live.reduce((sum, link) => sum + link.channels, 0),
        memory: {
          backlog_bytes: kept.backlogBytes,
          held_bytes: kept.heldBytes,
          partial_bytes: kept.partialBytes,
          socket_bytes: kept.socketBytes,
          heap_bytes: kept.heapBytes,
          process_bytes: kept.processBytes,
        },
        event_loop_delay_ms: { p50: delay.p50, p99: delay.p99, max: delay.max },
        servers: servers.map(
          ({ name, state, isolation, circuit, retryAt, flapping, processes, tools, error, warnings: own }) => ({
            name,
            state,
            isolation,
            circuit,
            retry_at: retryAt === null ? null : isoTime(retryAt),
            flapping,
            processes,
            tools,
            error,
            warnings: [...own],
          }),
        ),
        warnings: attention.map(({ text }) => text),
        attention,
      };
    }),
    operation(statusApi.me, async (_input, caller) => {
      const principal = caller.principal;
      return await Promise.resolve({
        user: principal?.user?.name ?? null,
        role: caller.role,
        groups: [...(principal?.user?.groups ?? [])],
        workspace: caller.workspaceId,
        credential: caller.credential,
        device: principal?.device?.name ?? null,
      });
    }),
  ];
}

function archivesView(
  { retentionMs, folder, lastRunAt, problem, heldBy }: ArchivesState,
  files: readonly ArchiveView[],
): NonNullable<Status['audit']>['archives'] {
  const rows = files.reduce((sum, each) => sum + each.rows, 0);
  return {
    ...{ retention_ms: retentionMs ?? null, folder, files: files.length, rows },
    ...{ last_run_at: timeOrNull(lastRunAt), problem, held_by: [...heldBy] },
  };
}

function archiveWarnings({ problem, heldBy, folder }: ArchivesState, files: readonly ArchiveView[]): string[] {
  const missing = files.filter(({ isHere }) => !isHere);
  return [
    ...(problem === null ? [] : [`old rows of the log cannot be archived: ${problem}`]),
    ...heldBy.map((why) => `old rows of the log stay in the database because of ${why}`),
    ...(missing.length === 0
      ? []
      : [
          missing.length === 1
            ? `an archive of the log, ${missing[0]?.name}, is not in ${folder}: put it back`
            : `${missing.length} archives of the log are not in ${folder}, the first ${missing[0]?.name}: put them back`,
        ]),
  ];
}

type Attention = Status['attention'][number];

/** `subject`: the name of the server, hook or secret that they are about. */
const about = (kind: Attention['about'], texts: readonly string[], subject: string | null = null): Attention[] =>
  texts.map((text) => ({ about: kind, subject, text }));

function keyWarnings({ problem, rotation }: MasterKeyView): string[] {
  if (problem !== null) return [problem];
  return (rotation?.waitsFor ?? []).map((what) => `the rotation of the master key waits for ${what}`);
}

const DAY_MS = 86_400_000;
const USUAL_MAX_AGE_MS = 7 * DAY_MS;

function backupWarnings(last: KeptBackup | undefined, maxAgeMs: number | undefined, now: number): string[] {
  if (last === undefined)
    return maxAgeMs === undefined || maxAgeMs === Infinity
      ? []
      : ['there is no backup yet: `mcpgate-broker backup FILE`'];
  const ageMs = now - Date.parse(last.at);
  if (ageMs <= (maxAgeMs ?? USUAL_MAX_AGE_MS)) return [];
  const days = Math.floor(ageMs / DAY_MS);
  return [`no backup for ${days === 1 ? 'a day' : `${days} days`}: \`mcpgate-broker backup FILE\``];
}

/** Of the hook that has to allow calls: while it gives no answer, none of them goes through. */
function hookWarnings(
  hook: { name: string } | undefined,
  authorizer: Pick<AdminDependencies['hooks']['authorizer'], 'states'>,
  workspaceId: string,
): string[] {
  if (hook === undefined) return [];
  const { name } = hook;
  const { failing } = authorizer.states().find((each) => each.workspaceId === workspaceId && each.hook === name) ?? {};
  if (failing === undefined) return [];
  return [
    `the hook ${name} has given no answer since ${localTime(failing.since)} (${failing.why}), and calls that it has to allow are denied: \`hook test ${name}${inWorkspace(workspaceId)}\` asks it, \`hook show ${name}${inWorkspace(workspaceId)}\` says where`,
  ];
}

function telemetryWarnings(problems: readonly TelemetryProblem[], now: number): string[] {
  return problems
    .filter(({ since }) => now - since >= PATIENCE_MS)
    .map(
      ({ signal, host, since, why }) =>
        `the collector at ${host} has taken no ${signal} of this broker since ${localTime(since)}: ${why}`,
    );
}

function sourceWarning({ problem, until }: SourceView): string[] {
  if (problem === null) return [];
  const kept = until === null ? '' : `; what was read before lives on until ${isoTime(until)}`;
  return [`${problem}${kept}`];
}

/** The message of an error with those of its causes, for the platform team. */
function withCause({ message, cause }: GateError): string {
  return cause instanceof GateError ? `${message}: ${cause.message}` : message;
}

function andMore(server: string, workspaceId: string, count: number): string {
  if (count === 0) return '';
  return ` (and ${count} more: \`mcpgate-broker server show ${server}${inWorkspace(workspaceId)}\`)`;
}
