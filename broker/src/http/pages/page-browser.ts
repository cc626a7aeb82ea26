// For tests: a browser without JavaScript. Keeps cookies, follows redirects of the broker as a browser does, and sends a page's form with
// the hidden fields it came with. A redirect to elsewhere is where it ends.

export interface Page {
  status: number;
  /** Path and query at which the browser ended. */
  url: string;
  headers: Headers;
  html: string;
}

const unescape = (text: string): string =>
  text.replace(/&#(\d+);/g, (_match, code: string) => String.fromCharCode(Number(code)));

export function createPageBrowser(origin: string, publicUrl = origin) {
  const jar = new Map<string, string>();
  const go = async (
    path: string,
    form?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Page> => {
    const response = await fetch(`${origin}${path}`, {
      redirect: 'manual',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        accept: 'text/html',
        ...headers,
      },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location?.startsWith(`${publicUrl}/`)) return go(location.slice(publicUrl.length));
    if (location !== null && !location.startsWith('/'))
      return { status: response.status, url: location, headers: response.headers, html: '' };
    if (location !== null) return go(location);
    return { status: response.status, url: path, headers: response.headers, html: await response.text() };
  };
  return {
    jar,
    open: (path: string) => go(path),
    post: go,
    /** Fills the page's (last) form in and sends it to its action. */
    async submit(page: Page, fields: Record<string, string>): Promise<Page> {
      const forms = [...page.html.matchAll(/<form method="post" action="([^"]+)"[^>]*>(.*?)<\/form>/gs)];
      const [, action = '', inner = ''] = forms.at(-1) ?? [];
      const hidden = [...inner.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
      const form = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, unescape(value)]));
      return go(action, { ...form, ...fields });
    },
  };
}
