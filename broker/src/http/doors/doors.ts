// The sockets that the broker serves on, for everybody and for its administrators. Both are opened before anything else is made, so that a port
// in use is one clear line, and so that a broker that waits for its database can say so.
import type { Clock } from 'mcpgate-shared/clock';
import type { ListenAddress } from '../../config/listen-address.ts';
import type { Log } from '../../domain/log.ts';
import { openAdminSocket, type AdminSocket } from '../api/admin-socket.ts';
import { createBadRequests, type BadRequests } from './bad-requests.ts';
import { openListener, type Listener } from '../listener.ts';
import { startingHandler } from '../starting.ts';
import { createTrustedProxies, type TrustedProxies } from './trusted-proxies.ts';

export interface Doors {
  readonly listener: Listener;
  readonly admin: AdminSocket;
  readonly badRequests: BadRequests;
  readonly proxies: TrustedProxies;
  /** Until it serves, whoever knocks hears this; what keeps it is for administrators. */
  waitsFor(why: string): void;
  close(): Promise<void>;
}

/** Throws what `openListener` and `openAdminSocket` throw. */
export async function openDoors(options: {
  listen: ListenAddress;
  tls: { certFile: string; keyFile: string } | undefined;
  behindProxy: readonly string[];
  dataDir: string;
  log: Log;
  clock: Clock;
}): Promise<Doors> {
  const badRequests = createBadRequests(options);
  const proxies = createTrustedProxies(options.behindProxy);
  const listener = await openListener(options.listen, options.tls, badRequests, { isTrusted: proxies.includes });
  let admin: AdminSocket;
  try {
    admin = await openAdminSocket(options.dataDir);
  } catch (error) {
    await listener.close();
    throw error;
  }
  return {
    listener,
    admin,
    badRequests,
    proxies,
    waitsFor(why) {
      listener.attach(startingHandler(() => 'waits for its database; try again in a moment'));
      admin.attach(startingHandler(() => `waits for its database: ${why}`));
    },
    async close() {
      await admin.close();
      await listener.close();
    },
  };
}
