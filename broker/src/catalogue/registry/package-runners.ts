// What a registry may tell the programs that start its packages (npx, uvx, docker). They run whatever their options and variables say, as the
// broker's user, before the pinned package has its turn: so what is not known to be harmless is refused.
import { GateError } from 'mcpgate-shared/error';

type Runner = 'npx' | 'uvx' | 'docker';

/** Options that change neither which package runs nor what it may reach. */
const HARMLESS: Readonly<Record<Runner, RegExp>> = {
  npx: /^(?:-y|--yes|-q|--quiet)$/,
  uvx: /^(?:-q|--quiet|--isolated|--python=\d+(?:\.\d+){0,2})$/,
  docker: /^(?:-i|--interactive|--rm|--init|--read-only|--platform=linux\/[a-z0-9]+|--env=[A-Za-z_]\w*(?:=[^]*)?)$/,
};

/** By these a loader, an interpreter, a shell, git or one of the three finds code, packages, certificates or its own settings. */
const STEERING = [
  /^(?:NPM_|YARN_|PNPM_|BUN_|DENO_|COREPACK_|LD_|DYLD_|PIP_|PIPX_|UV_|DOCKER_|BUILDKIT_|XDG_|SSL_CERT_|MCPGATE_)/i,
  /^(?:NODE_(?:OPTIONS|PATH|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED|REPL_\w+)|OPENSSL_\w+|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE)$/i,
  /^(?:PYTHON(?!UNBUFFERED$|IOENCODING$|UTF8$|DONTWRITEBYTECODE$)\w*|PERL5?(?:OPT|LIB)|RUBY(?:OPT|LIB)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS)$/i,
  /^(?:PATH|HOME|USERPROFILE|APPDATA|SHELL|TMPDIR|TEMP|TMP|BASH_ENV|ENV|IFS|PS4|PROMPT_COMMAND|COMSPEC|PATHEXT)$/i,
  /^(?:GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|GIT_(?:SSH|EXEC|CONFIG|PROXY|ASKPASS|DIR|TEMPLATE)\w*|SSH_ASKPASS)$/i,
];

/** The words as they are. Throws `usage` for one that is not harmless. */
export function runnerWords(runner: Runner, words: readonly string[]): string[] {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const isShort = runner === 'docker' && word === '-e';
    const whole = isShort ? `--env=${words[(index += 1)] ?? ''}` : word;
    if (!HARMLESS[runner].test(whole))
      throw new GateError('usage', `its package says what mcpgate does not tell ${runner}: ${JSON.stringify(word)}`);
    const variable = /^--env=(\w+)/.exec(whole)?.[1];
    if (variable !== undefined) assertOwnVariable(variable);
  }
  return [...words];
}

/** Throws `usage` for a variable that is not the server's own business. */
export function assertOwnVariable(name: string): void {
  if (STEERING.some((form) => form.test(name)))
    throw new GateError('usage', `it sets ${name}, by which other programs are told what to run or to trust`);
}
