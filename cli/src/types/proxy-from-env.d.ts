declare module 'proxy-from-env' {
  /** The proxy for a URL as the environment of the process says; empty: none. */
  export function getProxyForUrl(url: string): string;
}
