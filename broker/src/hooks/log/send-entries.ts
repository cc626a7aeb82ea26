// Sends entries of the audit log to a receiver, in the form that it takes: Standard Webhooks or OTLP over HTTP, or syslog.
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import type { LogHook } from '../../domain/hook.ts';
import { publicMessage } from '../../domain/public-message.ts';
import { retryAfterMs } from '../../net/retry-after.ts';
import { sendSyslog } from '../../net/syslog/send-syslog.ts';
import { isSyslog, readSyslogAddress } from '../../domain/outside/syslog-address.ts';
import type { Vault } from '../../vault/vault.ts';
import type { HookSender } from '../hook-request.ts';
import type { LogEntry } from './log-records.ts';
import { otlpLogs, refusedRecords } from './otlp-logs.ts';
import { syslogEntry } from './syslog-entry.ts';

/** `refused`: it has come, and the receiver says that it does not take it, or not all of it. */
export type Sent =
  | { kind: 'arrived'; answered?: string; refused?: string }
  | { kind: 'again'; why: string; retryAfterMs?: number | undefined };

export interface EntrySender {
  /** Never rejects. */
  send(workspaceId: string, hook: LogHook, entries: readonly LogEntry[], signal: AbortSignal): Promise<Sent>;
  /** What is sent, as text; without what signs it. */
  text(hook: LogHook, entries: readonly LogEntry[]): string;
}

export function createEntrySender(options: {
  sender: Pick<HookSender, 'send'>;
  vault: Pick<Vault, 'value'>;
  clock: Pick<Clock, 'now'>;
  version: string;
  /** The name of this machine. */
  host: string;
}): EntrySender {
  const { sender, vault, clock, version, host } = options;
  const by = { version, host };

  async function overSyslog(workspaceId: string, hook: LogHook, entries: readonly LogEntry[], signal: AbortSignal) {
    const { certificate, ca } = hook;
    const shown = certificate === null ? undefined : (await vault.value(workspaceId, certificate)).value;
    const receiver = { address: readSyslogAddress(hook.url), ca: ca ?? undefined, certificate: shown };
    const messages = entries.map((entry) => syslogEntry(entry, { ...by, mostBytes: hook.maxBytes }));
    await sendSyslog(messages, receiver, signal);
    return { kind: 'arrived' } as const;
  }

  async function overHttp(
    workspaceId: string,
    hook: LogHook,
    entries: readonly LogEntry[],
    signal: AbortSignal,
  ): Promise<Sent> {
    const id = `${entries[0]?.id ?? ''}+${entries.length}`;
    const isOtlp = hook.format === 'otlp';
    const message = { id, body: text(hook, entries), headersOnly: !isOtlp };
    const { status, headers, body } = await sender.send(workspaceId, hook, message, signal);
    const answered = body.toString('utf8').slice(0, 4_000);
    if (status < 200 || status > 299) {
      const asked = retryAfterMs(headers.get('retry-after'), clock.now());
      return { kind: 'again', why: `status ${status}`, retryAfterMs: asked };
    }
    const refused = isOtlp ? refusedRecords(body.toString('utf8')) : undefined;
    return { kind: 'arrived', answered, ...(refused !== undefined && { refused }) };
  }

  function text(hook: LogHook, entries: readonly LogEntry[]): string {
    if (isSyslog(hook.url))
      return entries.map((entry) => syslogEntry(entry, { ...by, mostBytes: hook.maxBytes })).join('\n');
    if (hook.format === 'otlp') return JSON.stringify(otlpLogs(entries, { ...by, observedAt: clock.now() }));
    const [first] = entries;
    return JSON.stringify({ type: 'log.entries', timestamp: first?.timestamp, data: { entries } });
  }

  return {
    text,
    async send(workspaceId, hook, entries, signal) {
      try {
        return await (isSyslog(hook.url) ? overSyslog : overHttp)(workspaceId, hook, entries, signal);
      } catch (error) {
        return { kind: 'again', why: publicMessage(toGateError(error)) };
      }
    },
  };
}
