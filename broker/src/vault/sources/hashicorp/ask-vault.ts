// Requests to a HashiCorp Vault, or to OpenBao, which speaks the same: https://developer.hashicorp.com/vault/api-docs. What it answers becomes data, or
// one line that says what is in the way.
import { readFile } from 'node:fs/promises';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { fileFault } from 'mcpgate-shared/file-fault';
import { z } from 'zod';
import type { HashicorpSettings } from '../../../config/source-settings.ts';
import { createGuardedFetch, NoAnswer, type GuardedAnswer, type GuardedFetch } from '../../../net/guarded-fetch.ts';

const ANSWER_MS = 5_000;
const MAX_BYTES = 1024 * 1024;
/** A Vault that elects a new leader, or a network that blinks, is back within moments. */
const TRY_AGAIN_AFTER_MS = [250, 1_000];

export interface VaultRequest {
  method: 'GET' | 'POST';
  /** Below `/v1/`, percent-encoded. */
  path: string;
  token?: string;
  body?: Readonly<Record<string, string>>;
}

export type VaultAnswer =
  | { kind: 'data'; body: unknown }
  | { kind: 'refused'; errors: readonly string[] }
  | { kind: 'none'; body: unknown; errors: readonly string[] };

/** Throws `unavailable` where it does not answer, is sealed, or says what nobody can do anything with. */
export type AskVault = (request: VaultRequest) => Promise<VaultAnswer>;

const ErrorsSchema = z.object({ errors: z.array(z.string()).default([]) });

export function createAskVault(settings: HashicorpSettings, clock: Clock): AskVault {
  const { address, namespace, caFile } = settings;
  const { hostname } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');

  async function fetcher(): Promise<GuardedFetch> {
    const options = { allowHosts: [host], timeoutMs: ANSWER_MS, maxBytes: MAX_BYTES };
    if (caFile === undefined) return createGuardedFetch(options);
    try {
      return createGuardedFetch({ ...options, ca: [await readFile(caFile, 'utf8')] });
    } catch (error) {
      throw new GateError('unavailable', `vault.ca_file: ${caFile} cannot be read: ${fileFault(error)}`, {
        cause: error,
      });
    }
  }

  async function once({ method, path, token, body }: VaultRequest): Promise<GuardedAnswer> {
    const fetch = await fetcher();
    return await fetch(`${address}/v1/${path}`, {
      method,
      namedHost: host,
      headers: {
        // Keeps a proxy or a browser from being talked into a request: https://developer.hashicorp.com/vault/docs/agent-and-proxy/agent
        'x-vault-request': 'true',
        ...(token === undefined ? {} : { 'x-vault-token': token }),
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** As often as it may be only a moment. A login that has arrived is not sent again: it may have used up its one use of a secret id. */
  async function patiently(request: VaultRequest): Promise<GuardedAnswer> {
    for (const pause of [...TRY_AGAIN_AFTER_MS, undefined]) {
      try {
        const answer = await once(request);
        if (pause === undefined || !isMomentary(answer)) return answer;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (pause === undefined || (request.method === 'POST' && error.wasSent))
          throw new GateError('unavailable', `Vault at ${address}: ${why(error)}`, { cause: error });
      }
      await new Promise<void>((resolve) => void clock.after(pause, resolve));
    }
    throw new Error('the last try returns or throws');
  }

  return async (request) => {
    const answer = await patiently(request);
    const { status } = answer;
    const body = readJson(answer);
    const { errors } = ErrorsSchema.safeParse(body).data ?? { errors: [] };
    if (status === 200 || status === 204) return { kind: 'data', body };
    if (status === 403 || (status === 400 && request.path.startsWith('auth/'))) return { kind: 'refused', errors };
    if (status === 404) return { kind: 'none', body, errors };
    if (status === 503)
      throw new GateError('unavailable', `Vault at ${address} is sealed, or not set up: \`vault status\` says which`);
    if (status === 307 || status === 308)
      throw new GateError(
        'unavailable',
        `Vault at ${address} sends elsewhere: vault.address must name the active node`,
      );
    throw new GateError('unavailable', `Vault at ${address} answered with status ${status}${saying(errors)}`);
  };
}

/** What Vault said of itself, in brackets; it holds no values. */
export function saying(errors: readonly string[]): string {
  const said = errors.join('; ').replaceAll(/\s+/g, ' ').trim().slice(0, 200);
  return said === '' ? '' : ` (“${said}”)`;
}

/** 429 and 5xx but for 503, which says that it is sealed. */
function isMomentary({ status }: GuardedAnswer): boolean {
  return status === 429 || status === 412 || (status >= 500 && status !== 503);
}

function why({ message, cause }: NoAnswer): string {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
  const isUntrusted = /CERT|SIGNED|VERIFY/.test(code);
  const next = isUntrusted
    ? ': its certificate is not trusted; vault.ca_file names the certificates that it is trusted by'
    : '';
  return `${message}${code}${next}`;
}

function readJson({ body }: GuardedAnswer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // A page of a proxy in between: its status says enough.
    return undefined;
  }
}
