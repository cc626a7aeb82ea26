// Explains HTTP answers that come from another program where a broker was expected: a captive portal, a proxy's error page, a load balancer
// whose broker is down, another service. They are recognised because a broker's own refusals are JSON.
import { GateError } from 'mcpgate-shared/error';

export interface ForeignAnswer {
  status: number;
  contentType: string | null | undefined;
  /** The `Location` header of a redirect. */
  location?: string | null | undefined;
}

export const isPage = ({ contentType }: ForeignAnswer): boolean => /\bhtml\b/i.test(contentType ?? '');

/** Whether a network that requires a sign-in has answered: with a redirect, a page, or 511 (RFC 6585 §6). */
const isCaptivePortal = (answer: ForeignAnswer): boolean =>
  answer.status === 511 ||
  (answer.status >= 300 && answer.status < 400) ||
  (answer.status >= 200 && answer.status < 300 && isPage(answer));

/** One line that says what happened and what to do. It repeats only the status and the redirect's origin, because the rest may hold anything. */
export function describeForeignAnswer(broker: string, answer: ForeignAnswer): string {
  const { status } = answer;
  if (isCaptivePortal(answer)) {
    const to = originOf(answer.location, broker);
    const what = to === undefined ? `HTTP ${status}` : `HTTP ${status}, to ${to}`;
    return (
      `something else answered in place of the broker ${broker} (${what}), as a captive portal does: sign in to the network in a browser, ` +
      'and mcpgate connects by itself; if you are signed in, check the URL'
    );
  }
  if (status >= 500 || status === 429) {
    return `${broker} cannot answer now (HTTP ${status}${isPage(answer) ? ' from what stands in front of it' : ''}); try again`;
  }
  const what = isPage(answer) ? `a web page answered, HTTP ${status}` : `HTTP ${status}`;
  return `${broker} is not an mcpgate broker (${what}); check the URL, and whether a proxy or firewall stands between`;
}

/** The error: `unreachable` for a captive portal, `unavailable` for a temporary trouble, else `protocol`. */
export function foreignAnswerError(broker: string, answer: ForeignAnswer, cause?: unknown): GateError {
  const passing = answer.status >= 500 || answer.status === 429;
  const code = isCaptivePortal(answer) ? 'unreachable' : passing ? 'unavailable' : 'protocol';
  return new GateError(code, describeForeignAnswer(broker, answer), { cause });
}

function originOf(location: string | null | undefined, base: string): string | undefined {
  if (location === null || location === undefined || !URL.canParse(location, base)) return undefined;
  const { origin } = new URL(location, base);
  return origin === 'null' ? undefined : origin;
}
