// The files that the pages load: the stylesheet, the icon and the script of passkeys. They are served from memory, under names that change with their content.
import { createHash } from 'node:crypto';
import { PASSKEY_SCRIPT } from './sign-in/passkey-script.ts';
import { STYLESHEET } from './stylesheet.ts';

/** The logo, a gate with one opening. It is drawn in `currentColor`, so that it has the colour of the page's text. */
export const MARK = `<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false"><path d="M5 27V14a11 11 0 0 1 22 0v13"/><path d="M11 27V15a5 5 0 0 1 10 0v12"/><path d="M16 19.5v3"/><path d="M2.5 27h27"/></svg>`;

const ICON = MARK.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ').replaceAll('currentColor', '#4c78ff');

export interface Asset {
  path: string;
  type: string;
  body: string;
}

const asset = (name: string, extension: string, type: string, body: string): Asset => {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { path: `/assets/${name}.${hash}.${extension}`, type, body };
};

export const stylesheetAsset = asset('pages', 'css', 'text/css; charset=utf-8', STYLESHEET);
export const scriptAsset = asset('passkeys', 'js', 'text/javascript; charset=utf-8', PASSKEY_SCRIPT);
export const iconAsset = asset('mark', 'svg', 'image/svg+xml', ICON);
