// Connections of whom nobody knows who it is: so many of an address, so many in all. Past that the one goes over which nothing has come for
// longest, so that who holds many keeps nobody out and cuts no answer off that is under way. Links of the tunnel, which has bounds of its
// own, and connections over which somebody known has come count no longer; those of trusted proxies never do: a proxy speaks for many, and
// bounds them itself.
import type { Duplex } from 'node:stream';
import { addressKey } from '../../domain/address-key.ts';

export interface StrangerConnections {
  /** A connection is there. */
  opened(socket: Connection): void;
  /** A request has come over it. */
  used(socket: Pick<Connection, 'remoteAddress' | 'remotePort'>): void;
  /** It counts no more. */
  known(socket: Pick<Connection, 'remoteAddress' | 'remotePort'>): void;
  readonly count: number;
}

/** `remotePort` tells a connection from others of its address, also where TLS wraps it. */
export type Connection = Pick<Duplex, 'destroy' | 'once'> & {
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
};

/** Many laptops of an office may come back at once from one address. */
const LIMITS = { ofAddress: 2_048, inAll: 4_096 };

export function createStrangerConnections(options: {
  isTrusted: (address: string | undefined) => boolean;
  /** One was ended. */
  onEnded: (address: string | undefined) => void;
  limits?: typeof LIMITS;
}): StrangerConnections {
  const { limits = LIMITS } = options;
  /** The one that was used longest ago first. */
  const all = new Map<string, Connection>();
  const byAddress = new Map<string, Map<string, Connection>>();
  const keyOf = ({ remoteAddress = '', remotePort = 0 }: Pick<Connection, 'remoteAddress' | 'remotePort'>) =>
    `${remoteAddress} ${remotePort}`;

  function forget(key: string, address: string): void {
    all.delete(key);
    const own = byAddress.get(address);
    own?.delete(key);
    if (own?.size === 0) byAddress.delete(address);
  }

  function endFirst(connections: ReadonlyMap<string, Connection>): void {
    for (const [key, socket] of connections) {
      const { remoteAddress } = socket;
      // Its address is gone as soon as it is destroyed.
      forget(key, addressKey(remoteAddress ?? ''));
      socket.destroy();
      options.onEnded(remoteAddress);
      return;
    }
  }

  return {
    opened(socket) {
      const { remoteAddress } = socket;
      if (remoteAddress === undefined || options.isTrusted(remoteAddress)) return;
      const key = keyOf(socket);
      const address = addressKey(remoteAddress);
      const own = byAddress.get(address) ?? new Map<string, Connection>();
      if (own.size >= limits.ofAddress) endFirst(own);
      else if (all.size >= limits.inAll) endFirst(all);
      all.set(key, socket);
      own.set(key, socket);
      byAddress.set(address, own);
      socket.once('close', () => {
        if (all.get(key) === socket) forget(key, address);
      });
    },
    used(socket) {
      const key = keyOf(socket);
      const connection = all.get(key);
      if (connection === undefined) return;
      for (const connections of [all, byAddress.get(addressKey(socket.remoteAddress ?? ''))]) {
        connections?.delete(key);
        connections?.set(key, connection);
      }
    },
    known(socket) {
      forget(keyOf(socket), addressKey(socket.remoteAddress ?? ''));
    },
    get count() {
      return all.size;
    },
  };
}
