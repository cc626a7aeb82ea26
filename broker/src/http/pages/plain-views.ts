// The start page for people who are not signed in, and the page that shows one message.
import { html } from 'ghtml';
import type { PageContent } from './layout.ts';

/** The commands to run on a laptop, as a list. */
export const getStartedSteps = (publicUrl: string): string =>
  html`<ol class="steps">
    <li>
      <p>Log in on your laptop, once:</p>
      <pre class="command">mcpgate login ${publicUrl}</pre>
    </li>
    <li>
      <p>Let your AI clients use it:</p>
      <pre class="command">mcpgate install-clients</pre>
    </li>
  </ol>`;

export const welcomePage = (view: { publicUrl: string }): PageContent => ({
  title: 'Welcome',
  wide: true,
  content: html`<div class="card">
      <h1>Your company's tools, for every AI client</h1>
      <p class="lead">One login on your laptop. No service token outside this broker.</p>
      <p><a class="button" href="/login">Sign in</a></p>
    </div>
    <section class="card" aria-labelledby="next">
      <h2 id="next">Get started</h2>
      !${getStartedSteps(view.publicUrl)}
    </section>`,
});

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
