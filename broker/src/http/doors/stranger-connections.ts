// Bounds the open connections of strangers, for each address and in all. Past the limit the connection is ended that was unused for longest; so
// somebody who holds many connections open keeps nobody out, and a connection with a request under way is the last to go. A connection stops
// counting once a known client has sent a request over it, or once it is a link of the tunnel, which has limits of its own. Connections of trusted
// proxies never count: a proxy speaks for many clients, and bounds them itself.
import type { Duplex } from 'node:stream';
import { addressKey } from '../../domain/bounds/address-key.ts';

export interface StrangerConnections {
  /** A connection was opened: it counts, and may end another one. */
  opened(socket: Connection): void;
  /** A request has come over the connection. */
  used(socket: Pick<Connection, 'remoteAddress' | 'remotePort'>): void;
  /** The connection is a known client's, and no longer counts. */
  known(socket: Pick<Connection, 'remoteAddress' | 'remotePort'>): void;
  readonly count: number;
}

/** Address and port identify a connection: with TLS, `opened` and `used` get different socket objects for the same one. */
export type Connection = Pick<Duplex, 'destroy' | 'once'> & {
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
};

/** Many laptops of an office may come back at once from one address. */
const LIMITS = { ofAddress: 2_048, inAll: 4_096 };

export function createStrangerConnections(options: {
  isTrusted: (address: string | undefined) => boolean;
  /** Called after a connection was ended because there were too many. */
  onEnded: (address: string | undefined) => void;
  limits?: typeof LIMITS;
}): StrangerConnections {
  const { limits = LIMITS } = options;
  /** In the order of their last use, the longest unused first. */
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
      // Before it is destroyed, because a destroyed socket has no address.
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
