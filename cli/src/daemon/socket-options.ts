// The proxy and TLS options of the daemon's WebSocket, by the environment and the system's trust store. Variables that the AI client did not pass on
// are taken from those kept at login, which are read again for each connection.
import { Agent } from 'node:https';
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { openBrokerSocket, type Route } from '../auth/broker-socket.ts';
import { isLoopback } from '../auth/broker-url.ts';
import { proxyFor } from '../auth/proxy-for.ts';
import { trustedCertificates } from '../auth/trusted-certificates.ts';
import { effectiveEnvironment } from '../laptop/kept-environment.ts';
import { readSettings, type Environment } from '../laptop/settings-file.ts';

/** Throws `config` where a variable has a value that cannot be used. */
export function socketOptions(
  broker: string,
  context: { configDir: string; env: Environment },
): Pick<WebSocket.ClientOptions, 'agent'> {
  const url = new URL(broker);
  if (url.protocol === 'http:' && isLoopback(url)) return {};
  const env = effectiveEnvironment(context.env, readSettings(context.configDir));
  return { agent: new BrokerAgent(url, { proxy: proxyFor(url, env), ca: trustedCertificates(env) }) };
}

class BrokerAgent extends Agent {
  readonly #url: URL;
  readonly #route: Route;
  constructor(url: URL, route: Route) {
    super();
    this.#url = url;
    this.#route = route;
  }

  override createConnection(...[, callback]: Parameters<Agent['createConnection']>): undefined {
    void this.#open(callback);
  }

  async #open(done: Parameters<Agent['createConnection']>[1]): Promise<void> {
    let socket: Duplex;
    try {
      socket = await openBrokerSocket(this.#url, this.#route);
    } catch (error) {
      // The type requires a stream, which is ignored beside an error.
      return done?.(error instanceof Error ? error : new Error(String(error)), new Duplex().destroy());
    }
    done?.(null, socket);
  }
}
