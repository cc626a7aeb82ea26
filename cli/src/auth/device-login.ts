// Waits until the person at the device page has decided. Cuts on the way do not end it: the code is good until it expires.
import { GateError } from 'mcpgate-shared/error';
import type { DeviceCode, OAuthClient, Tokens } from './oauth-client.ts';

const AGAIN = 'run `mcpgate login` again';

/** Throws `not_logged_in` where it was denied, `gone` where the code expired, `cancelled` on Ctrl-C. */
export async function waitForApproval(
  client: OAuthClient,
  code: DeviceCode,
  options: { interrupted: AbortSignal; onTrouble(message: string): void },
): Promise<Tokens> {
  const { interrupted, onTrouble } = options;
  const expired = AbortSignal.timeout(code.expiresInS * 1000);
  const signal = AbortSignal.any([interrupted, expired]);
  for (;;) {
    try {
      const result = await client.pollDeviceLogin(code, signal);
      if (result.kind === 'tokens') return result.tokens;
      if (result.kind === 'denied')
        throw new GateError('not_logged_in', `the login was denied at the broker; ${AGAIN}`);
      if (result.kind === 'expired')
        throw new GateError('not_logged_in', `the code has expired or was used before; ${AGAIN}`);
      onTrouble(result.error.message);
    } catch (error) {
      if (interrupted.aborted) throw new GateError('cancelled', 'interrupted', { cause: error });
      if (expired.aborted) throw new GateError('not_logged_in', `the code has expired; ${AGAIN}`, { cause: error });
      throw error;
    }
  }
}
