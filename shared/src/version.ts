// The version of this release, which both ends tell each other and `--version` prints.

/** The release: one number for all packages of this repository, which a test compares. Not read of a manifest, which `serve` would carry whole. */
export const VERSION = '0.1.0';
