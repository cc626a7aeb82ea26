// Files that the broker streams. The browser takes them by itself, so that none is in memory; but first the broker is asked for one line, so that what is
// wrong is said on the page and not in a file.
import { send, type AnyEndpoint, type Caller } from '../../api/call.ts';

type Query = Readonly<Record<string, string | undefined>>;

function follow(href: string, name: string): void {
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

export function saveText(text: string, type: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  follow(url, name);
  URL.revokeObjectURL(url);
}

/** Throws a Problem where the broker refuses it. */
export async function downloadFrom(caller: Caller, endpoint: AnyEndpoint, query: Query, name: string): Promise<void> {
  const first = await send(caller, endpoint, { query: { ...query, limit: 1 } });
  await first.body?.cancel();
  if (caller.workspace === undefined) {
    const asked = new URLSearchParams(
      Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    );
    follow(`/api/v1${endpoint.path}?${asked.toString()}`, name);
    return;
  }
  // A link cannot say which workspace is meant.
  const answer = await send(caller, endpoint, { query });
  const url = URL.createObjectURL(await answer.blob());
  follow(url, name);
  URL.revokeObjectURL(url);
}
