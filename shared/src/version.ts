declare const __VERSION__: string | undefined;

/** The version of this build; `0.0.0-source` where the sources run unbundled. */
export const VERSION: string = typeof __VERSION__ === 'undefined' ? '0.0.0-source' : __VERSION__;
