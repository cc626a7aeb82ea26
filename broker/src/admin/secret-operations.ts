// The operations on secrets: list, set, rotate, roll back, history, uses, remove. No operation returns a secret's value.
import { secretEtag, secretsApi, type Secret, type SetSecret } from 'mcpgate-shared/api/secrets';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { fillTransport } from 'mcpgate-shared/values/fill-values';
import type { ServerRecord } from '../domain/server-record.ts';
import type { SourceView } from '../vault/vault.ts';
import type { Part } from '../domain/bounds/part.ts';
import { DEFAULT_WORKSPACE, inWorkspace } from '../domain/workspace.ts';
import { secretNamesOfRecord } from '../domain/transports/transport-texts.ts';
import type { AdminDependencies } from './dependencies.ts';
import { secretNamesOfHook } from './hook-operations.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';
import { ByNameSchema, longListOperation } from './lists/list-operation.ts';
import { operation, tagsIn, type Operation } from './operation.ts';
import { secretEvents } from './rotation/secret-events.ts';
import { createSecretRotations } from './rotation/secret-rotations.ts';
import { tallyUses } from './rotation/secret-uses.ts';
import { verifySecret } from './rotation/verify-secret.ts';
import { VersionPlaceSchema, versionHistory } from './rotation/version-history.ts';
import { changeNotes, type Fields } from '../domain/change-notes.ts';

/** Whoever sets a secret waits no longer for a server that does not answer. */
const VERIFY_LIMIT_MS = 20_000;
const USES_DAYS = 30;

export function secretOperations(
  needs: Pick<
    AdminDependencies,
    'vault' | 'store' | 'audit' | 'upstreams' | 'clock' | 'switchElsewhere' | 'secretsOfConfiguration'
  >,
): Operation[] {
  const { vault, store, audit, clock, switchElsewhere, secretsOfConfiguration } = needs;
  const rotations = createSecretRotations(needs);

  const list = async (workspaceId: string, part?: Part<string>): Promise<Secret[]> => {
    const servers = (await store.servers.list(workspaceId)).map((server) => ({
      name: server.name,
      secrets: secretNamesOfRecord(server),
    }));
    const hooks = await store.hooks.list(workspaceId);
    const views = new Map(vault.sources.views(workspaceId).map((view) => [view.name, view]));
    return (await vault.list(workspaceId, part)).map((secret) => ({
      name: secret.name,
      version: secret.version,
      source: secret.source,
      reading: readingOf(views.get(secret.name)),
      created_at: isoTime(secret.createdAt),
      last_used_at: isoTimeOrNull(secret.lastUsedAt),
      expires_at: isoTimeOrNull(secret.expiresAt),
      servers: servers.filter((server) => server.secrets.includes(secret.name)).map((server) => server.name),
      hooks: hooks.filter((hook) => secretNamesOfHook(hook).includes(secret.name)).map((hook) => hook.name),
    }));
  };
  const noSecret = (workspaceId: string, name: string): GateError =>
    new GateError('not_found', `there is no secret ${name}; \`secret list${inWorkspace(workspaceId)}\` shows them`);
  const find = async (workspaceId: string, name: string): Promise<Secret> => {
    const secret = (await list(workspaceId)).find((entry) => entry.name === name);
    if (secret === undefined) throw noSecret(workspaceId, name);
    return secret;
  };
  /**
   * The version that a change is for, by the request's `If-Match`; undefined: any. Throws `stale` where another one is in use, and where there is none of
   * that name. What changes it after that is found where the change is written.
   */
  const wantedVersion = async (
    workspaceId: string,
    name: string,
    ifMatch: string | undefined,
  ): Promise<number | undefined> => {
    if (ifMatch === undefined) return undefined;
    const secret = (await vault.list(workspaceId)).find((each) => each.name === name);
    if (secret !== undefined && ifMatch === '*') return undefined;
    if (secret !== undefined && tagsIn(ifMatch).includes(secretEtag(secret))) return secret.version;
    const now = secret === undefined ? 'there is none of that name' : `version ${secret.version} is in use now`;
    throw new GateError('stale', `the secret ${name} is not what was read, ${now}; nothing was changed`);
  };
  /** What is in use by now, and whether the services take it. */
  const switched = async (workspaceId: string, name: string): Promise<SetSecret> => {
    await switchElsewhere({ workspaceId, name });
    const { verified, steps } = await verifySecret(needs, { workspaceId, name }, { limitMs: VERIFY_LIMIT_MS });
    if (verified !== null) await store.secretVersions.noteVerified(workspaceId, name, verified);
    const secret = (await list(workspaceId)).find((entry) => entry.name === name);
    if (secret === undefined)
      throw new GateError('conflict', `secret ${name} was removed while it was being set; set it again`);
    const { value } = await vault.value(workspaceId, name);
    const servers = await store.servers.list(workspaceId);
    return { ...secret, unfit: servers.flatMap((server) => unfitFor(server, name, value)), verified, steps };
  };

  return [
    longListOperation(
      secretsApi.list,
      ByNameSchema,
      (_input, { workspaceId }) =>
        async (part) =>
          (await list(workspaceId, part)).map((item) => ({ item, place: item.name })),
    ),
    operation(secretsApi.show, async ({ params: { name } }, { workspaceId }) => await find(workspaceId, name)),
    operation(secretsApi.set, async ({ params: { name }, body, ifMatch }, { workspaceId, actor }) => {
      const record = secretEvents(audit, { workspaceId, name, actor });
      const ifVersion = await wantedVersion(workspaceId, name, ifMatch);
      const about = { setBy: actor.name, expiresAt: expiryOf(body.expires_at, clock.now()), ifVersion };
      const before = (await vault.list(workspaceId)).find((each) => each.name === name);
      const notes = (after: Fields) => changeNotes(before && { version: before.version, source: before.source }, after);
      if (body.from === undefined) {
        const version = await vault.set(workspaceId, name, body.value ?? '', 'set', about);
        await record('secret.set', { version, ...notes({ version, source: 'set' }) });
      } else {
        const order = {
          ...{ reference: body.from, keepForMs: body.keep_for_s * 1000 },
          refreshMs: body.refresh_s === null ? null : body.refresh_s * 1000,
        };
        const version = await vault.sources.set(workspaceId, name, order, about);
        const set = { version, source: body.from, keep_for_s: body.keep_for_s };
        await record('secret.set', { ...set, ...notes(set) });
      }
      return await switched(workspaceId, name);
    }),
    operation(secretsApi.rotate, async ({ params: { name }, body, ifMatch }, { workspaceId, actor }) => {
      const ifVersion = await wantedVersion(workspaceId, name, ifMatch);
      const { rotated, previousVersion, verified, oldRefused, steps } = await rotations.rotate({
        ...{ workspaceId, name, value: body.value, actor, proveDead: body.prove_dead },
        ...{ expiresAt: expiryOf(body.expires_at, clock.now()), ifVersion },
      });
      const secret = await find(workspaceId, name);
      return { ...secret, rotated, previous_version: previousVersion, verified, old_refused: oldRefused, steps };
    }),
    operation(secretsApi.rotation, async ({ params: { name } }, { workspaceId }) => {
      const steps = rotations.stepsOf(workspaceId, name);
      return await Promise.resolve(steps === undefined ? null : { steps: [...steps] });
    }),
    operation(secretsApi.proveDead, async ({ params: { name }, body }, { workspaceId, actor }) => {
      const { version: now } = await find(workspaceId, name);
      const version = body.version ?? (await versionBefore(workspaceId, name));
      if (version === now) throw new GateError('conflict', `version ${version} of ${name} is the one that is in use`);
      const { oldRefused, steps } = await rotations.proveDead({ workspaceId, name, actor }, version);
      return { name, version, old_refused: oldRefused, steps };
    }),
    operation(secretsApi.rollback, async ({ params: { name }, body, ifMatch }, { workspaceId, actor }) => {
      const ifVersion = await wantedVersion(workspaceId, name, ifMatch);
      const { version: now } = await find(workspaceId, name);
      const to = body.version ?? (await versionToGoBackTo(workspaceId, name, now));
      if (to === now) throw new GateError('conflict', `version ${to} of ${name} is the one that is in use`);
      const from = await vault.versions.restore(workspaceId, name, to, { ifVersion });
      await secretEvents(audit, { workspaceId, name, actor })('secret.rolled_back', {
        ...{ version: to, from, ...changeNotes({ version: from }, { version: to }) },
      });
      return await switched(workspaceId, name);
    }),
    longListOperation(secretsApi.history, VersionPlaceSchema, async ({ params: { name }, query }, { workspaceId }) =>
      versionHistory(needs, { workspaceId, name, oldest: await oldestOf(workspaceId, name) }, query.state),
    ),
    operation(secretsApi.uses, async ({ params: { name }, query }, { workspaceId }) => {
      await audit.flush();
      const since = query.since ?? isoTime(clock.now() - USES_DAYS * 86_400_000);
      const version = query.version ?? null;
      const calls = audit.callsWithSecret({ workspaceId, name, version, since: Date.parse(since) });
      const uses = await tallyUses(calls, { name, version, since, limit: query.limit });
      if (uses.calls === 0) await assertWasThere(workspaceId, name, version);
      return uses;
    }),
    operation(secretsApi.remove, async ({ params: { name }, ifMatch }, { workspaceId, actor }) => {
      const ifVersion = await wantedVersion(workspaceId, name, ifMatch);
      const secret = await find(workspaceId, name);
      const users = [
        ...secret.hooks.map((hook) => `the hook ${hook}`),
        ...secret.servers.map((server) => `the server ${server}`),
        ...(workspaceId === DEFAULT_WORKSPACE && secretsOfConfiguration.includes(name) ? ['the configuration'] : []),
      ];
      if (users.length > 0)
        throw new GateError(
          'conflict',
          `secret ${name} is in use by ${users.join(', ')}: change or remove these first; nothing was removed`,
        );
      if (!(await vault.remove(workspaceId, name, { ifVersion }))) throw noSecret(workspaceId, name);
      await secretEvents(audit, { workspaceId, name, actor })('secret.removed', {
        ...{ version: secret.version, ...changeNotes({ version: secret.version, source: secret.source }, undefined) },
      });
      return secret;
    }),
  ];

  /** Throws `not_found` where there is no such secret. */
  async function oldestOf(workspaceId: string, name: string): Promise<number> {
    const oldest = await vault.versions.oldest(workspaceId, name);
    if (oldest === undefined) throw noSecret(workspaceId, name);
    return oldest;
  }

  /** That no call has used it is no answer to a name or number that is mistyped. What was removed may still be in the log. */
  async function assertWasThere(workspaceId: string, name: string, version: number | null): Promise<void> {
    const oldest = await oldestOf(workspaceId, name);
    if (version === null) return;
    const read = versionHistory(needs, { workspaceId, name, oldest });
    const [next] = await read({ after: { version: version + 1, at: Number.POSITIVE_INFINITY }, limit: 1 });
    if (next?.place.version === version) return;
    throw new GateError(
      'not_found',
      `the secret ${name} never had a version ${version}; \`mcpgate-broker secret history ${name}${inWorkspace(workspaceId)}\` shows them`,
    );
  }

  /**
   * The earlier version that was in use last. One with a higher number than the present one was gone back from, and is never chosen by itself:
   * whoever goes back twice wants an older value, not the bad one again.
   */
  async function versionToGoBackTo(workspaceId: string, name: string, now: number): Promise<number> {
    const earlier = await vault.versions.lastRetired(workspaceId, name, now);
    if (earlier !== undefined) return earlier;
    await versionBefore(workspaceId, name);
    throw new GateError(
      'not_found',
      `no version of ${name} is older than ${now}, and the newer ones were gone back from: name one with --to; \`mcpgate-broker secret history ${name}${inWorkspace(workspaceId)}\` shows them`,
    );
  }

  /** The one that was in use until the present one took its place. */
  async function versionBefore(workspaceId: string, name: string): Promise<number> {
    const last = await vault.versions.lastRetired(workspaceId, name);
    if (last !== undefined) return last;
    throw new GateError(
      'not_found',
      `the secret ${name} has only the version that is in use: there is nothing to go back to`,
    );
  }
}

function readingOf(view: SourceView | undefined): Secret['reading'] {
  if (view === undefined) return null;
  return {
    ...{ state: view.state, problem: view.problem, since: isoTimeOrNull(view.since), until: isoTimeOrNull(view.until) },
    ...{ keep_for_s: view.keepForMs / 1000, refresh_s: view.refreshMs === null ? null : view.refreshMs / 1000 },
  };
}

/** Ms since the epoch. Throws `usage` for a time that has passed. */
function expiryOf(text: string | null | undefined, now: number): number | null {
  if (text === null || text === undefined) return null;
  const at = Date.parse(text);
  if (at > now) return at;
  throw new GateError('usage', `it would have expired at ${text} already: give a date to come, or none`);
}

/** Why a server's record cannot use this value: where it refers to the secret, such a value is not possible. */
function unfitFor(server: ServerRecord, name: string, value: string): { server: string; why: string }[] {
  try {
    fillTransport(server.transport, (each) => (each === name ? { value, imported: false } : undefined));
    return [];
  } catch (error) {
    const { code, message } = toGateError(error);
    if (code !== 'config') throw error;
    return [{ server: server.name, why: message }];
  }
}
