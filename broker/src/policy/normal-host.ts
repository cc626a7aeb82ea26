// One spelling for all spellings of a host that lead to the same one: an international name and its ASCII form, an address of IPv4 in
// fewer parts or in other bases, an address of IPv6 in full or with a zone, one of IPv4 within one of IPv6.

/** `host`: without a port, maybe with wildcards. What is no host stays as it is. */
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
