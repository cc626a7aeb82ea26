// Pages whose code is loaded when somebody first goes there. While the broker is away it is tried again, so that who clicks then stays where they are; where
// the broker answers and the file is gone, it was updated, and the app is loaded anew.
import { lazyRouteComponent } from '@tanstack/react-router';

/** Told to the window when a page's code could not be loaded because the broker is away. */
export const BROKER_AWAY = 'mcpgate-broker-away';

const AGAIN_MS = 1_000;
const RELOADED = 'mcpgate-reloaded-at';
const ONCE_A_MS = 60_000;

const isBrokerThere = (): Promise<boolean> =>
  fetch('/healthz', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );

async function whenThere<T>(importer: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await importer();
    } catch (error) {
      if (await isBrokerThere()) return await loadedAnew(error);
      window.dispatchEvent(new Event(BROKER_AWAY));
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

/** Not again and again: then the page says what is wrong. */
async function loadedAnew(error: unknown): Promise<never> {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < ONCE_A_MS) throw error;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
  return await new Promise<never>(() => undefined);
}

/** The component `name` of a module, as a page. */
export const lazyPage: typeof lazyRouteComponent = (importer, name) =>
  lazyRouteComponent(() => whenThere(importer), name);
