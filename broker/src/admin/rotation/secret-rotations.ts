// Replaces a secret and knows that it worked: stage the new value, probe it, have new calls use it, retire the old one, and on request prove that the
// services take the old one no more. Until the switch, which is one transaction, nothing uses the new value; whatever fails or is killed before leaves
// all as it was.
import type { SecretStep } from 'mcpgate-shared/api/secrets';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import type { Upstreams, ProbeResult } from '../../upstreams/upstream.ts';
import type { SwitchSecretElsewhere } from '../dependencies.ts';
import type { StagedValue, Vault } from '../../vault/vault.ts';
import { secretEvents, type RecordSecretEvent } from './secret-events.ts';
import { allOf, verifySecret } from './verify-secret.ts';
import { changeNotes } from '../../domain/change-notes.ts';

export interface RotationNeeds {
  vault: Pick<Vault, 'value' | 'versions'>;
  store: Pick<Store, 'servers' | 'secretVersions'>;
  upstreams: Pick<Upstreams, 'test' | 'callsEnded'>;
  audit: Pick<Audit, 'event'>;
  switchElsewhere: SwitchSecretElsewhere;
}

export interface Rotation {
  workspaceId: string;
  name: string;
  value: string;
  expiresAt: number | null;
  proveDead: boolean;
  actor: Actor;
  /** The version that must be in use until then; undefined: any. */
  ifVersion?: number | undefined;
}

export interface Rotated {
  rotated: boolean;
  previousVersion: number | null;
  verified: boolean | null;
  oldRefused: boolean | null;
  steps: SecretStep[];
}

/** How long calls under way are waited for before the old version is reported as retired. They may go on for longer. */
const RETIRE_WAIT_MS = 10_000;

export interface SecretRotations {
  /** Throws `not_found`, `usage` for a value that is in use already, `stale`, and `conflict` where one of this secret is under way. */
  rotate(rotation: Rotation): Promise<Rotated>;
  /** Calls with a retired version wherever a tool tells whether it is taken, and records what came of it. Null: not known. Throws `not_found`. */
  proveDead(
    secret: Pick<Rotation, 'workspaceId' | 'name' | 'actor'>,
    version: number,
  ): Promise<{ oldRefused: boolean | null; steps: SecretStep[] }>;
  /** Of one that is under way here. */
  stepsOf(workspaceId: string, name: string): readonly SecretStep[] | undefined;
}

export function createSecretRotations(needs: RotationNeeds): SecretRotations {
  const { vault, audit } = needs;
  const underWay = new Map<string, SecretStep[]>();

  async function rotate(rotation: Rotation, steps: SecretStep[]): Promise<Rotated> {
    const { workspaceId, name, value, expiresAt, ifVersion, actor } = rotation;
    const old = await vault.value(workspaceId, name);
    if (old.value === value) throw sameValue(rotation, old.version);
    const note = stepNoter(steps);
    const staged = await vault.versions.stage(workspaceId, name, value, 'rotate', {
      ...{ setBy: actor.name, expiresAt, ifVersion },
    });
    note('stage', `version ${staged.version} is kept, and nothing uses it yet; version ${staged.from} is in use`);
    const record = secretEvents(audit, rotation);
    let isSwitched = false;
    try {
      await record('secret.rotation_begun', { version: staged.version, from: staged.from });
      const tried = { name, secret: { value, version: staged.version, imported: false } };
      const onStep = (step: SecretStep): void => void steps.push(step);
      const { verified, verdicts } = await verifySecret(needs, rotation, { tried, onStep });
      if (verified === false) return await giveUp(staged, verdicts, steps, record);
      await vault.versions.promote(staged);
      isSwitched = true;
      if (verified !== null) await needs.store.secretVersions.noteVerified(workspaceId, name, verified);
      const { brokers, unconfirmed } = await needs.switchElsewhere(rotation);
      note('switch', switchText(staged.version, brokers), {
        ok: unconfirmed.length === 0,
        next:
          unconfirmed.length === 0
            ? null
            : `not confirmed in time by ${unconfirmed.join(', ')}: calls there may carry version ${staged.from} for a moment longer`,
      });
      const notes = changeNotes({ version: staged.from }, { version: staged.version });
      await record('secret.rotated', { version: staged.version, from: staged.from, verified, ...notes });
      await vault.versions.recorded(staged);
      const [here, elsewhere] = await Promise.all([
        needs.upstreams.callsEnded(workspaceId, name, RETIRE_WAIT_MS),
        needs.switchElsewhere(rotation, RETIRE_WAIT_MS),
      ]);
      note('retire', retireText(staged.from, here + elsewhere.pending));
      const oldRefused = rotation.proveDead ? await proveDead(needs, rotation, old, steps) : null;
      if (rotation.proveDead) await record('secret.old_tried', { version: staged.from, refused: oldRefused });
      return { rotated: true, previousVersion: staged.from, verified, oldRefused, steps };
    } finally {
      if (!isSwitched) await vault.versions.discard(staged);
    }
  }

  async function giveUp(
    { name, version, from }: StagedValue,
    verdicts: readonly { server: string; verdict: ProbeResult }[],
    steps: SecretStep[],
    record: RecordSecretEvent,
  ): Promise<Rotated> {
    const failed = verdicts.filter(({ verdict }) => verdict === 'refused' || verdict === 'failed');
    const servers = failed.map(({ server }) => server);
    await record('secret.rotation_failed', { version, from, servers });
    stepNoter(steps)('discard', `the new value of ${name} is thrown away; version ${from} stays in use`);
    return { rotated: false, previousVersion: null, verified: false, oldRefused: null, steps };
  }

  return {
    async rotate(rotation) {
      const key = keyOf(rotation.workspaceId, rotation.name);
      const steps: SecretStep[] = [];
      const isFirst = !underWay.has(key);
      if (isFirst) underWay.set(key, steps);
      try {
        return await rotate(rotation, steps);
      } finally {
        if (isFirst) underWay.delete(key);
      }
    },
    async proveDead(secret, version) {
      const steps: SecretStep[] = [];
      const old = await vault.versions.value(secret.workspaceId, secret.name, version);
      const oldRefused = await proveDead(needs, secret, old, steps);
      await secretEvents(audit, secret)('secret.old_tried', { version, refused: oldRefused });
      return { oldRefused, steps };
    },
    stepsOf: (workspaceId, name) => underWay.get(keyOf(workspaceId, name)),
  };
}

/** Calls with the value of before wherever a tool tells whether it is taken. Null where none does. */
async function proveDead(
  needs: RotationNeeds,
  { workspaceId, name }: Pick<Rotation, 'workspaceId' | 'name'>,
  old: { value: string; version: number; imported: boolean },
  steps: SecretStep[],
): Promise<boolean | null> {
  const tried = { name, secret: old };
  const { steps: probes, verdicts } = await verifySecret(needs, { workspaceId, name }, { tried });
  const refusals = verdicts.map(({ verdict }) => REFUSED[verdict]);
  probes.forEach((probe, index) => {
    const refused = refusals[index] ?? null;
    const said = {
      true: `refuses version ${old.version}: ${probe.detail}`,
      false: `still takes version ${old.version}: ${probe.detail}`,
      null: `it is not known whether version ${old.version} is taken: ${probe.detail}`,
    }[String(refused) as 'true' | 'false' | 'null'];
    const revoke = `revoke the old value of ${name} at the service of ${probe.server ?? ''}; whoever has it can still use it`;
    steps.push({
      ...probe,
      step: 'prove-dead',
      ok: refused !== false,
      verified: refused,
      detail: said,
      next: refused === false ? revoke : refused === null ? probe.next : null,
    });
  });
  return allOf(refusals);
}

const REFUSED: Readonly<Record<ProbeResult, boolean | null>> = {
  accepted: false,
  refused: true,
  failed: null,
  unproven: null,
};

function sameValue({ workspaceId, name }: Rotation, version: number): GateError {
  const where = inWorkspace(workspaceId);
  return new GateError(
    'usage',
    `the value given is the one that is in use (version ${version} of ${name}): make a new one at its service, then \`mcpgate-broker secret rotate ${name}${where}\``,
  );
}

function switchText(version: number, brokers: number): string {
  const others = brokers === 0 ? '' : `, here and at ${brokers} other broker${brokers === 1 ? '' : 's'}`;
  return `new calls carry version ${version}${others}`;
}

function retireText(version: number, pending: number): string {
  if (pending === 0) return `version ${version} is retired: no call carries it any more`;
  const calls = pending === 1 ? 'a call that is under way carries' : `${pending} calls that are under way carry`;
  return `version ${version} is retired; ${calls} it to the end`;
}

/** Writes down steps of no server, each with the time since the one before. */
function stepNoter(steps: SecretStep[]) {
  let since = performance.now();
  return (step: SecretStep['step'], detail: string, more: { ok?: boolean; next?: string | null } = {}): void => {
    const now = performance.now();
    steps.push({
      ...{ step, server: null, ok: more.ok ?? true, verified: null, detail },
      ...{ ms: Math.round(now - since), next: more.next ?? null },
    });
    since = now;
  };
}

function keyOf(workspaceId: string, name: string): string {
  return `${workspaceId}/${name}`;
}
