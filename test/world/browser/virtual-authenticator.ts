// What a laptop has for passkeys, as Chromium's developer tools put it in: a fingerprint reader, or a security key without one.
import type { Page } from 'playwright-core';

export interface VirtualAuthenticator {
  /** How often each of its passkeys says that it was used. */
  counts(): Promise<number[]>;
  /** Whether its person is there, and says yes to whatever it is asked. They are, unless said. */
  present(isThere: boolean): Promise<void>;
  /** Sets the counters back, as a copy of the authenticator would have them. */
  setBack(to: number): Promise<void>;
}

/** Everything that it is asked for, it does at once. `key`: a security key that asks for a touch alone, and remembers nobody. */
export async function addAuthenticator(
  page: Page,
  kind: 'fingerprint' | 'key' = 'fingerprint',
): Promise<VirtualAuthenticator> {
  const tools = await page.context().newCDPSession(page);
  await tools.send('WebAuthn.enable');
  const isKey = kind === 'key';
  const { authenticatorId } = await tools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: isKey ? 'u2f' : 'ctap2', transport: isKey ? 'usb' : 'internal' },
      ...{ hasResidentKey: !isKey, hasUserVerification: !isKey, isUserVerified: !isKey },
      automaticPresenceSimulation: true,
    },
  });
  const credentials = async () => (await tools.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  return {
    async present(enabled) {
      await tools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
    },
    counts: async () => (await credentials()).map(({ signCount }) => signCount),
    async setBack(signCount) {
      for (const credential of await credentials()) {
        const { credentialId } = credential;
        await tools.send('WebAuthn.removeCredential', { authenticatorId, credentialId });
        await tools.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount } });
      }
    },
  };
}
