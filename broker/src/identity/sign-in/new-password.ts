// Which passwords will do, after NIST SP 800-63B-4, section 3.1.1.2: length alone, nothing about which characters; but none that is common, and none that
// is made of what everybody knows of its owner and their company. What an owner has chosen before goes on working; they are told.
import type { createGuesses } from './guesses.ts';

/** What the standard asks of a password that is the only thing asked for. Each code point counts as one. */
export const PASSWORD_MIN_LENGTH = 15;
const PASSWORD_MAX_LENGTH = 256;
/** How much there must be besides names. */
const OWN_MIN_LENGTH = 8;
/** A hundred million guesses: slowed down by source and account, nobody gets through them; and offline each costs 32 MiB. */
const MIN_GUESSES_LOG10 = 8;
const PRODUCT = ['mcpgate', 'password'];
/** Words of what companies call their sign-in that name no company. */
const ANYBODYS: ReadonlySet<string> = new Set(['your', 'company', 'account', 'the', 'and', 'sign', 'login', 'www']);

/** Whose password it is. */
export interface PasswordOwner {
  name: string;
  email: string | null;
  workspaceId: string;
}

export interface NewPasswords {
  /** What is wrong with a new password, as a sentence for its owner; undefined where it will do. */
  problemOf(password: string, owner: PasswordOwner): Promise<string | undefined>;
}

const fold = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
const codePoints = (text: string): number => text.match(/./gsu)?.length ?? 0;
const wordsOf = (text: string): string[] =>
  fold(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length >= 3);

/** The words of a host's name, without its last label: `mcp.example.com` has `mcp` and `example`. */
const wordsOfHost = (host: string): string[] => (/^[\d.]+$|:/.test(host) ? [] : wordsOf(host.replace(/\.[^.]+$/, '')));

/** `company`: the broker's host and what else the company is called. */
export function createNewPasswords({ company }: { company: { host: string; called: string } }): NewPasswords {
  const named = [...wordsOfHost(company.host), ...wordsOf(company.called)].filter((word) => !ANYBODYS.has(word));
  const ofCompany = [...PRODUCT, ...named];
  let guesses: Promise<ReturnType<typeof createGuesses>> | undefined;

  const familiarTo = ({ name, email, workspaceId }: PasswordOwner): string[] => {
    const [local = '', host = ''] = email?.split('@') ?? [];
    const own = [fold(name), ...[name, local, workspaceId].flatMap(wordsOf), ...wordsOfHost(host)];
    return [...new Set([...ofCompany, ...own])]
      .filter((word) => word.length >= 3)
      .toSorted((a, b) => b.length - a.length);
  };

  /** Whether a name stands in it, and little besides. */
  const isMadeOf = (familiar: readonly string[], password: string): boolean => {
    const folded = fold(password);
    const rest = familiar.reduce((left, word) => left.replaceAll(word, ' '), folded);
    return rest !== folded && codePoints(rest.replaceAll(/[^\p{L}\p{N}]/gu, '')) < OWN_MIN_LENGTH;
  };

  return {
    async problemOf(password, owner) {
      const normal = password.normalize('NFKC');
      const length = codePoints(normal);
      if (length < PASSWORD_MIN_LENGTH)
        return `Use at least ${PASSWORD_MIN_LENGTH} characters: a few words that do not belong together are easy to remember.`;
      if (length > PASSWORD_MAX_LENGTH) return `Use at most ${PASSWORD_MAX_LENGTH} characters.`;
      const familiar = familiarTo(owner);
      if (isMadeOf(familiar, normal)) return 'Do not build the password around your name or that of your company.';
      const log10 = (await (guesses ??= import('./guesses.ts').then((loaded) => loaded.createGuesses())))(
        normal,
        familiar,
      );
      if (log10 < MIN_GUESSES_LOG10)
        return 'This password is among the first that are guessed: common passwords, repetitions or rows of keys. Choose a few words of your own.';
      return undefined;
    },
  };
}
