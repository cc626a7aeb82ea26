// `${home}` in the arguments and variables of a command is the folder that it starts in, which is known only when it is started: after the
// secrets are put in. What a secret happens to hold is no `${home}`.

const HOME = '${home}';
/** No argument and no variable can hold NUL, so nothing else is written so. */
const GUARDED = '$\0{home}';

/** For the value of a secret, once it is spelled. */
export function guardHome(value: string): string {
  return value.replaceAll(HOME, GUARDED);
}

export function withHome(text: string, directory: string): string {
  return text.replaceAll(HOME, directory).replaceAll(GUARDED, HOME);
}
