// A passkey as the API shows it: without its key, and without what its authenticator calls it.
import type { Passkey } from 'mcpgate-shared/api/sign-in/sign-in-api';
import type { PasskeyRecord } from '../domain/people/passkey.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';

export const toPasskey = (passkey: PasskeyRecord): Passkey => ({
  ...{ id: passkey.id, name: passkey.name, backed_up: passkey.backedUp, transports: [...passkey.transports] },
  created_at: isoTime(passkey.createdAt),
  last_used_at: isoTimeOrNull(passkey.lastUsedAt),
});
