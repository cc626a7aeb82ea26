// HashiCorp Vault, or OpenBao: one key of a secret of the KV engine, version 2 (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2).
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { HashicorpSettings } from '../../../config/source-settings.ts';
import { isLike, patternsFor } from '../allowed.ts';
import { oneValue } from '../one-value.ts';
import type { Source, Wanted } from '../source.ts';
import { createAskVault, saying, type VaultAnswer } from './ask-vault.ts';
import { createVaultLogin, encodePath } from './vault-login.ts';

const REFRESH_EVERY_MS = 5 * 60_000;

const SecretSchema = z.object({ data: z.object({ data: z.record(z.string(), z.unknown()).nullable() }) });
const DeletedSchema = z.object({
  data: z.object({ metadata: z.object({ deletion_time: z.string(), destroyed: z.boolean().default(false) }) }),
});

export function createHashicorpSource(
  settings: HashicorpSettings | undefined,
  parts: { clock: Clock; env: Readonly<Record<string, string | undefined>> },
): Source {
  const everyMs = REFRESH_EVERY_MS;
  if (settings === undefined) {
    const check = (): never => {
      throw new GateError(
        'forbidden',
        'the broker’s configuration names no Vault: whoever runs the broker must set vault.address',
      );
    };
    return { everyMs, mayBeTold: true, check, read: () => Promise.reject(new GateError('forbidden', 'no Vault')) };
  }
  const { address, mount } = settings;
  const ask = createAskVault(settings, parts.clock);
  const login = createVaultLogin(settings, { ask, ...parts });

  function partsOf({ workspaceId, text }: Wanted): { path: string; key: string } {
    const [, path = '', key = ''] = /^([^#]+)#([^#]+)$/.exec(text) ?? [];
    const isPlain = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    if (!isPlain || key === '')
      throw new GateError('usage', `${JSON.stringify(text.slice(0, 200))} is not PATH#KEY, as team/github#token`);
    if (patternsFor(workspaceId, settings?.paths ?? []).some((pattern) => isLike(path, pattern))) return { path, key };
    const where = workspaceId === 'default' ? '' : ` for the workspace ${workspaceId}`;
    throw new GateError('forbidden', `vault.paths of the broker's configuration does not allow ${path}${where}`);
  }

  async function fetch(path: string): Promise<VaultAnswer> {
    const request = { method: 'GET', path: `${encodePath(mount)}/data/${encodePath(path)}` } as const;
    const token = await login.token();
    const answer = await ask({ ...request, token });
    // The token may have been revoked, which Vault says in the same words as that its policy does not allow the path.
    if (answer.kind !== 'refused' || !login.refused(token)) return answer;
    const another = await login.token();
    return another === token ? answer : await ask({ ...request, token: another });
  }

  return {
    everyMs,
    mayBeTold: true,
    check: (wanted) => void partsOf(wanted),
    async read(wanted) {
      const { path, key } = partsOf(wanted);
      const answer = await fetch(path);
      const shown = `${mount}/${path}`;
      const fail = (text: string): never => {
        throw new GateError('unavailable', `Vault at ${address}: ${text}`);
      };
      if (answer.kind === 'refused')
        return fail(
          `${shown} is refused${saying(answer.errors)}: the policy of the broker's token must allow read on ${mount}/data/${path}`,
        );
      if (answer.kind === 'none') {
        const deleted = DeletedSchema.safeParse(answer.body);
        if (deleted.success) return fail(`the newest version of ${shown} was deleted`);
        return fail(
          `there is no ${shown}${saying(answer.errors)}; vault.mount says where the KV engine (version 2) is`,
        );
      }
      const found = SecretSchema.safeParse(answer.body);
      if (!found.success) return fail(`${shown} is not of the KV engine, version 2`);
      const value = found.data.data.data?.[key];
      if (value === undefined) return fail(`${shown} has no ${key}`);
      if (typeof value !== 'string') return fail(`${key} of ${shown} is no text`);
      return oneValue(Buffer.from(value), `${key} of ${shown}`);
    },
    close: () => login.close(),
  };
}
