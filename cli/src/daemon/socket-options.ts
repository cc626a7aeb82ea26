// How the daemon's WebSocket leaves this computer: through the proxy that the environment names, trusting what the system trusts.
// What was kept at login fills in what an AI client did not pass on.
import type { WebSocket } from 'ws';
import { isLoopback } from '../auth/broker-url.ts';
import { trustedCertificates } from '../auth/trusted-certificates.ts';
import { effectiveEnvironment, readSettings, type Environment } from '../settings-file.ts';

/** `use` makes an environment the process's own: the proxy library reads it from there. */
export async function socketOptions(
  broker: string,
  context: { configDir: string; env: Environment; use: (env: Environment) => void },
): Promise<Pick<WebSocket.ClientOptions, 'agent' | 'ca'>> {
  const url = new URL(broker);
  const env = effectiveEnvironment(context.env, readSettings(context.configDir));
  const ca = url.protocol === 'https:' ? { ca: trustedCertificates(env) } : {};
  if (isLoopback(url)) return ca;
  context.use(env);
  const { getProxyForUrl } = await import('proxy-from-env');
  const proxy = getProxyForUrl(url.href);
  if (proxy === '') return ca;
  const { HttpsProxyAgent } = await import('https-proxy-agent');
  return { ...ca, agent: new HttpsProxyAgent(proxy, ca) };
}
