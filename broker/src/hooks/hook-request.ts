// Sends one text to a hook, with the secrets of the vault that its record names, and with no way around the guard of addresses.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { carriedVersion } from '../domain/call-record.ts';
import type { Hook, LogHook } from '../domain/hook.ts';
import type { Log } from '../domain/log.ts';
import type { GuardedAnswer, GuardedFetch } from '../net/guarded-fetch.ts';
import type { Vault } from '../vault/vault.ts';
import { sign } from './signature.ts';

export interface HookSender {
  /** Throws what the fetch throws, `not_found` for a secret that is not there, and `forbidden` for an address that is none. */
  send(
    workspaceId: string,
    hook: Pick<Hook, 'name' | 'url' | 'secret' | 'bearer'> & Partial<Pick<LogHook, 'headers' | 'ca'>>,
    message: { id?: string; body: string; headersOnly?: boolean; keepsConnection?: boolean },
    signal: AbortSignal,
  ): Promise<GuardedAnswer>;
  /** Answers at an address that the hook's side has named, which has to be at the hook's own host. */
  answer(workspaceId: string, hook: Pick<Hook, 'name' | 'url'>, to: string, body: string): Promise<void>;
}

export function createHookSender(options: {
  vault: Pick<Vault, 'resolve' | 'value' | 'used'>;
  fetch: GuardedFetch;
  clock: Pick<Clock, 'now'>;
  log: Pick<Log, 'warn'>;
  version: string;
}): HookSender {
  const { vault, fetch, clock, log, version } = options;
  return {
    async send(
      workspaceId,
      { name, url: written, secret, bearer, headers = {}, ca = null },
      { id = randomUUID(), body, headersOnly = false, keepsConnection = false },
      signal,
    ) {
      const versions: string[] = [];
      const valueOf = async (of: string) => {
        const opened = await vault.value(workspaceId, of);
        versions.push(carriedVersion({ name: of, version: opened.version }));
        return opened.value;
      };
      const resolved = async (text: string) => {
        const found = await vault.resolve(workspaceId, text);
        versions.push(...found.versions);
        return found.value;
      };
      const url = await resolved(written);
      const host = URL.parse(url)?.hostname;
      // What a secret puts behind the host cannot lead to another one.
      if (host === undefined || host !== URL.parse(written)?.hostname)
        throw new GateError('forbidden', `the address of the hook ${name} is none, once its secrets are put in`);
      const further: Record<string, string> = {};
      for (const [header, text] of Object.entries(headers)) further[header] = await resolved(text);
      const answer = await fetch(url, {
        ...{ method: 'POST', body, headersOnly, keepsConnection, namedHost: host, signal },
        ...(ca !== null && { ca }),
        headers: {
          ...further,
          'content-type': 'application/json',
          accept: 'application/json',
          'user-agent': `mcpgate/${version}`,
          ...(secret !== null && sign(await valueOf(secret), { id, atS: Math.floor(clock.now() / 1000), body })),
          ...(bearer !== null && { authorization: `Bearer ${await valueOf(bearer)}` }),
        },
      });
      // The other side has taken them, which is all that anybody can know of a secret that only signs.
      if (answer.status >= 200 && answer.status < 300)
        vault.used(workspaceId, versions)?.catch((error: unknown) => {
          log.warn({ err: error, hook: name }, 'when its secrets were last used could not be written down');
        });
      return answer;
    },
    async answer(_workspaceId, { name, url: written }, to, body) {
      const [own, asked] = [URL.parse(written), URL.parse(to)];
      if (own === null || asked === null || own.host !== asked.host || own.protocol !== asked.protocol)
        throw new GateError('forbidden', `the hook ${name} is answered at its own host alone`);
      await fetch(asked.href, {
        ...{ method: 'POST', body, namedHost: own.hostname, headersOnly: true },
        headers: { 'content-type': 'application/json', 'user-agent': `mcpgate/${version}` },
      });
    },
  };
}
