// Takes WebSocket upgrades for the tunnel: finds the client's address, with trusted proxies taken into account, and refuses requests for a foreign
// `Host`. The tunnel authenticates.
import type { Tunnel } from '../../tunnel/tunnel.ts';
import type { HostCheck } from './host-check.ts';
import type { UpgradeHandler } from '../listener.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

export function createUpgradeDoor(options: {
  tunnel: Pick<Tunnel, 'handleUpgrade' | 'turnAway'>;
  hostCheck: HostCheck;
  proxies: TrustedProxies;
  publicUrl: string;
}): UpgradeHandler {
  const { tunnel, hostCheck, proxies, publicUrl } = options;
  return (request, socket, head) => {
    const { headers } = request;
    const peer = request.socket.remoteAddress;
    const address = proxies.clientAddress(peer, headers['x-forwarded-for']);
    if (hostCheck.allows({ host: headers.host, path: '/v1/tunnel', peer })) {
      return tunnel.handleUpgrade(request, socket, head, address);
    }
    // Not 403: a laptop would take that for the end of its person's access.
    const message = `this broker is ${publicUrl}; it does not answer for other names`;
    tunnel.turnAway(socket, address, { reason: 'host', status: 421, code: 'forbidden', message });
  };
}
