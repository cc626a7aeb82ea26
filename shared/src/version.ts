// The version of this release, which both ends tell each other and `--version` prints.
import manifest from '../package.json' with { type: 'json' };

/** The release: one number for all packages of this repository. */
export const VERSION: string = manifest.version;
