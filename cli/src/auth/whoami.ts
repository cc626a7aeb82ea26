// `GET /v1/whoami`: asks the broker whose token this is.
import { GateError } from 'mcpgate-shared/error';
import { foreignAnswerError, isPage } from './foreign-answer.ts';
import type { HttpFetch } from './http-fetch.ts';
import { networkFailure } from './network-failure.ts';

export interface Whoami {
  user: string;
  workspace: string;
}

/** Throws `not_logged_in` where the broker refuses the token, `protocol` where another program answers, `unreachable` and the like. */
export async function whoami(broker: string, token: string, fetch: HttpFetch): Promise<Whoami> {
  let response: Response;
  try {
    response = await fetch(`${broker}/v1/whoami`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
    });
  } catch (error) {
    throw networkFailure(broker, error);
  }
  const text = await response.text();
  const answer = {
    status: response.status,
    contentType: response.headers.get('content-type'),
    location: response.headers.get('location'),
  };
  if ((response.status === 401 || response.status === 403) && !isPage(answer)) {
    const why = saidIn(text) ?? 'it is unknown (was it copied whole?), expired or revoked';
    const message = `${broker} refused this grant: ${why}; an administrator issues a new one with \`mcpgate-broker grant issue\``;
    throw new GateError('not_logged_in', message);
  }
  const found = response.ok ? parseWhoami(text) : undefined;
  if (found !== undefined) return found;
  throw foreignAnswerError(broker, answer);
}

/** The message in a broker's refusal; undefined where another program has answered. */
function saidIn(text: string): string | undefined {
  const told = /"message":("(?:[^"\\]|\\.){1,300}")/.exec(text)?.[1];
  const message: unknown = told === undefined ? undefined : JSON.parse(told);
  return typeof message === 'string' && /^\P{C}+$/u.test(message) ? message : undefined;
}

function parseWhoami(text: string): Whoami | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const user: unknown = Reflect.get(value, 'user');
  const workspace: unknown = Reflect.get(value, 'workspace');
  // A grant that belongs to no person is named by its label.
  const label: unknown = Reflect.get(value, 'credential');
  const name = typeof user === 'string' ? user : typeof label === 'string' ? label : 'grant';
  return { user: name, workspace: typeof workspace === 'string' ? workspace : 'default' };
}
