// Brings all spellings of one host to the same spelling: an international name and its ASCII form; an IPv4 address in fewer parts or in other
// bases; an IPv6 address in full or with a zone; an IPv4 address within an IPv6 one.

/** `host`: without a port; it may hold a glob's wildcards. A text that is no host stays as it is. */
export function normalHost(host: string): string {
  const name = host.replace(/[:.]+$/, '').replace(/%[^\]]*(?=\]$)/, '');
  if (!/^(?:\[.*\]|[^:\\]+)$/.test(name)) return name;
  const ascii = URL.parse(`http://${name}/`)?.hostname ?? '';
  return ascii === '' ? name : ipv4Of(ascii);
}

function ipv4Of(host: string): string {
  const halves = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(host)?.slice(1);
  if (halves === undefined) return host;
  return halves
    .map((half) => Number.parseInt(half, 16))
    .flatMap((half) => [half >> 8, half & 255])
    .join('.');
}
