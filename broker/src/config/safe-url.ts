// Where something secret may be sent: over TLS, or without it to this machine.

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

export function isSafeUrl({ protocol, hostname }: Pick<URL, 'protocol' | 'hostname'>): boolean {
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}
