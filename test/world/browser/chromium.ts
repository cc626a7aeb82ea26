// Where Debian puts Chromium. The headless shell comes first, as it starts in a third of the time.
import { existsSync } from 'node:fs';

const PATHS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** The path of Chromium; undefined where it is not installed. */
export const findChromium = (): string | undefined => PATHS.find((path) => existsSync(path));
