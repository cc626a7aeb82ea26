// A login as this device: what it says about itself, and the wait until the person at the device page has decided. Cuts on the way do not
// end it: the code is good until it expires.
import { GateError } from 'mcpgate-shared/error';
import type { Settings } from '../laptop/settings-file.ts';
import { deviceKey, deviceProof } from './device-key.ts';
import type { DeviceCode, OAuthClient, Tokens } from './oauth-client.ts';

const AGAIN = 'run `mcpgate login` again';
/** The broker’s page says it; here it looks like a code that nobody confirmed. */
const NOT_LET_IN = 'Where the page does not let you in, your account may be suspended: ask your platform team';

/** With the id of the first login and the proof that it is this device's, a login there is a re-login: only to be confirmed. */
export function deviceParameters(
  host: { hostname: string; platform: string; configDir: string; settings: { read(): Settings } },
  broker: string,
): Record<string, string> {
  const settings = host.settings.read();
  return {
    device_name: host.hostname,
    device_platform: host.platform,
    device_proof: deviceProof(deviceKey(host.configDir), broker),
    ...(settings.deviceId !== undefined && settings.broker === broker ? { device_id: settings.deviceId } : {}),
  };
}

/** What the person has decided; `message` says what to do. */
export type Approval = { kind: 'tokens'; tokens: Tokens } | { kind: 'denied'; message: string };

/** Throws `not_logged_in` where the code expired, `cancelled` where it was interrupted. */
export async function waitForApproval(
  client: OAuthClient,
  code: DeviceCode,
  options: { interrupted: AbortSignal; onTrouble(message: string): void },
): Promise<Approval> {
  const { interrupted, onTrouble } = options;
  const expired = AbortSignal.timeout(code.expiresInS * 1000);
  const signal = AbortSignal.any([interrupted, expired]);
  for (;;) {
    try {
      const result = await client.pollDeviceLogin(code, signal);
      if (result.kind === 'tokens') return { kind: 'tokens', tokens: result.tokens };
      if (result.kind === 'denied')
        return { kind: 'denied', message: `the login was denied at the broker; ${AGAIN}, or ask your platform team` };
      if (result.kind === 'expired')
        throw new GateError('not_logged_in', `the code has expired or was used before; ${AGAIN}. ${NOT_LET_IN}`);
      onTrouble(result.error.message);
    } catch (error) {
      if (interrupted.aborted) throw new GateError('cancelled', 'interrupted', { cause: error });
      if (expired.aborted)
        throw new GateError('not_logged_in', `the code has expired; ${AGAIN}. ${NOT_LET_IN}`, { cause: error });
      throw error;
    }
  }
}
