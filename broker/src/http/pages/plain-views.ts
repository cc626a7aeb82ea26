// The page that shows one message.
import { html } from 'ghtml';
import type { PageContent } from './layout.ts';

export const messagePage = (view: {
  title: string;
  message: string;
  link?: { href: string; text: string };
}): PageContent => ({
  title: view.title,
  content: html`<div class="card">
    <h1>${view.title}</h1>
    <p class="lead">${view.message}</p>
    <a class="button quiet full" href="${view.link?.href ?? '/'}">${view.link?.text ?? 'To the start page'}</a>
  </div>`,
});
