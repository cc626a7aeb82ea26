// Renders the frame of every page: landmarks, title, who is signed in. `content` must be HTML that is escaped already.
import { html } from 'ghtml';
import { iconAsset, MARK, stylesheetAsset, scriptAsset } from './assets.ts';

export interface Frame {
  /** The broker's host, so that people see where they are. */
  host: string;
  /** The name of the person who is signed in. */
  userName: string | undefined;
  csrf: string;
}

export interface PageContent {
  title: string;
  /** Set where a form is shown again with a problem: the title then begins with `Error`, for people who hear it read. */
  failed?: boolean;
  wide?: boolean;
  /** It asks the browser for a passkey. */
  hasScript?: boolean;
  /** The URL to which the browser goes on by itself. */
  goOnTo?: string;
  content: string;
}

export const csrfField = (csrf: string): string => html`<input type="hidden" name="_csrf" value="${csrf}" />`;

const signedIn = (frame: Frame): string =>
  frame.userName === undefined
    ? ''
    : html`<div class="who">
        <span>Signed in as <strong>${frame.userName}</strong></span>
        <form method="post" action="/logout">
          !${csrfField(frame.csrf)}<button class="text" type="submit">Sign out</button>
        </form>
      </div>`;

export function renderPage(frame: Frame, page: PageContent): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        !${page.goOnTo === undefined ? '' : html`<meta http-equiv="refresh" content="0; url=${page.goOnTo}" />`}
        <title>${page.failed ? 'Error: ' : ''}${page.title} &middot; mcpgate</title>
        <link rel="icon" type="image/svg+xml" href="${iconAsset.path}" />
        <link rel="stylesheet" href="${stylesheetAsset.path}" />
        !${page.hasScript ? html`<script src="${scriptAsset.path}" defer></script>` : ''}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/">!${MARK}<span>mcpgate</span></a>
          !${signedIn(frame)}
        </header>
        <main id="main" tabindex="-1" class="${page.wide ? 'wide' : ''}">!${page.content}</main>
        <footer class="bottom">mcpgate on ${frame.host}</footer>
      </body>
    </html>`;
}
