// The two sockets that the broker serves on: the listener over TCP, and the administration's socket. Both are opened before any other part is made,
// so that a port in use is told in one clear line, and so that a broker that waits for its database can say so.
import type { Clock } from 'mcpgate-shared/clock';
import type { ListenAddress } from '../../config/listen-address.ts';
import type { Log } from '../../domain/log.ts';
import { openAdminSocket, type AdminSocket } from '../api/admin-socket.ts';
import { createBadRequests, type BadRequests } from './bad-requests.ts';
import { openListener, type Listener } from '../listener.ts';
import { startingHandler } from '../request-handler.ts';
import { createServedCertificate, type ServedCertificate } from './served-certificate.ts';
import { createTrustedProxies, type TrustedProxies } from './trusted-proxies.ts';

export interface Doors {
  readonly listener: Listener;
  readonly admin: AdminSocket;
  readonly badRequests: BadRequests;
  readonly proxies: TrustedProxies;
  readonly certificate: ServedCertificate;
  /** Answers requests with what the broker waits for, until it serves. `why`, the details, is told on the administration's socket only. */
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
  const { server } = listener;
  const certificate = createServedCertificate({ server, files: options.tls, clock: options.clock, log: options.log });
  return {
    listener,
    admin,
    certificate,
    badRequests,
    proxies,
    waitsFor(why) {
      listener.attach(startingHandler(() => 'waits for its database; try again in a moment'));
      admin.attach(startingHandler(() => `waits for its database: ${why}`));
    },
    async close() {
      certificate.close();
      await admin.close();
      await listener.close();
    },
  };
}
