// The device login: the parameters that describe this device, and the wait until the person has decided on the device page. Network failures
// meanwhile do not end the wait, because the code is valid until it expires.
import { GateError } from 'mcpgate-shared/error';
import type { Settings } from '../laptop/settings-file.ts';
import { deviceKey, deviceProof } from './device-key.ts';
import type { DeviceCode, OAuthClient, Tokens } from './oauth-client.ts';

const AGAIN = 'run `mcpgate login` again';
/** A hint for the case that the broker's page refuses the person: here that cannot be told from a code that nobody confirmed. */
const NOT_LET_IN = 'Where the page does not let you in, your account may be suspended: ask your platform team';

/** The parameters that describe this device. With the device id of an earlier login and its proof, the person only has to confirm the login. */
export function deviceParameters(
  host: { hostname: string; platform: string; profileDir: string; settings: { read(): Settings } },
  broker: string,
): Record<string, string> {
  const settings = host.settings.read();
  return {
    device_name: host.hostname,
    device_platform: host.platform,
    device_proof: deviceProof(deviceKey(host.profileDir), broker),
    ...(settings.deviceId !== undefined && settings.broker === broker ? { device_id: settings.deviceId } : {}),
  };
}

/** The person's decision. `message`: what to do after a denial. */
export type Approval = { kind: 'tokens'; tokens: Tokens } | { kind: 'denied'; message: string };

/** Throws `not_logged_in` where the code expires, `cancelled` where `interrupted` is aborted. */
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
