/**
 * `url`, with the name as which the server is to know the connection. A driver gives what the URL says precedence over its own settings, and a
 * restore finds brokers by their names: so that what an operator writes into `DATABASE_URL` hides none, the name goes where that stood.
 */
export function namedUrl(url: string, name: string): string {
  // What is no URL (docs say how it is written) is refused where it is opened, in words of its own.
  const named = URL.parse(url);
  if (named === null) return url;
  named.searchParams.set('application_name', name);
  return named.href;
}
