// What stands behind a click, for the pictures: a call's story, the steps of a rotation, the receipt of an off-boarding. They change the world, so they come last.
import type { AtDashboard } from './person-at-dashboard.ts';
import type { LivelyWorld } from './lively-world.ts';

export interface Moment {
  /** Of its picture, without theme and ending. */
  name: string;
  /** Leads there. */
  come: (at: AtDashboard, lively: LivelyWorld) => Promise<void>;
  /** The dialog alone is the picture; else the page. */
  isDialog: boolean;
}

export const MOMENTS: readonly Moment[] = [
  {
    name: 'log-call',
    isDialog: false,
    async come({ page, open }, { world, clientOfAda }) {
      await world.broker.run(['server', 'set', 'sentry', '--audit-arguments', 'masked']);
      await clientOfAda.call('sentry__echo', { text: 'the invoice of Lindbergh' });
      await open('/log?user=ada.lovelace&tool=sentry__echo');
      await page.getByRole('table', { name: 'Records of the log' }).getByRole('link').first().click();
      await page.getByRole('button', { name: 'Show the arguments' }).click();
      await page.getByText('As they were kept').waitFor();
    },
  },
  {
    name: 'server-rotation',
    isDialog: true,
    async come({ page, open }, { world, sentry }) {
      await world.broker.run(['server', 'set', 'sentry', '--probe', 'echo']);
      const value = 'sntrys_9d4e6f8b1c3a5d7e9f0b2c5f0e7c2b9a';
      sentry.accepts = [`Bearer ${value}`];
      await open('/servers/sentry?tab=secrets');
      await page.getByRole('button', { name: 'Rotate sentry-authorization' }).click();
      await page.getByLabel('The new value', { exact: false }).fill(value);
      await page.getByRole('button', { name: 'Rotate it' }).click();
      await page.getByRole('button', { name: 'Done' }).waitFor();
    },
  },
  {
    name: 'person-off-board',
    isDialog: true,
    async come({ page, open }) {
      await open('/people/ada.lovelace');
      await page.getByRole('button', { name: 'Off-board' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/Type ada.lovelace/).fill('ada.lovelace');
      await dialog.getByRole('button', { name: 'Lock out now' }).click();
      await dialog.getByRole('button', { name: 'Done' }).waitFor();
    },
  },
];
