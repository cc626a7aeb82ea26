// The start page, and the page for everything that has one thing to say.
import { html } from 'ghtml';
import type { PageContent } from './layout.ts';
import { platformText } from './device-views.ts';
import { renderAgo } from './time-text.ts';

const steps = (publicUrl: string): string =>
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
      !${steps(view.publicUrl)}
    </section>`,
});

export const homePage = (view: {
  publicUrl: string;
  user: { name: string; role: string };
  devices: readonly { name: string; platform: string; address: string; lastSeenAt: number }[];
  now: number;
}): PageContent => ({
  title: 'Home',
  wide: true,
  content: html`<div class="card">
      <h1>Hello, ${view.user.name} <span class="badge">${view.user.role}</span></h1>
      <p class="lead">A device showed you a code? Enter it here.</p>
      <a class="button" href="/device">Connect a device</a>
    </div>
    <section class="card" aria-labelledby="devices">
      <h2 id="devices">Your devices</h2>
      !${
        view.devices.length === 0
          ? html`<p class="lead">None is connected yet.</p>`
          : html`<ul class="devices">
              !${view.devices.map(
                (device) =>
                  html`<li>
                    <span
                      ><strong>${device.name}</strong
                      ><small>${platformText(device.platform)} · ${device.address}</small></span
                    >
                    <span class="when">seen !${renderAgo(device.lastSeenAt, view.now)}</span>
                  </li>`,
              )}
            </ul>`
      }
    </section>
    <section class="card" aria-labelledby="next">
      <h2 id="next">${view.devices.length === 0 ? 'Get started' : 'Another laptop'}</h2>
      !${steps(view.publicUrl)}
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
