// Explains how a keychain failed and what to do, by matching the library's message.
import { GateError } from 'mcpgate-shared/error';

const OR_A_FILE = 'or keep the token in a file (0600) with MCPGATE_TOKEN_STORE=file';

const INSTALL =
  'install a secret service (Debian, Ubuntu: `apt install gnome-keyring libsecret-1-0`; Fedora: `dnf install gnome-keyring libsecret`)';

const ADVICE: readonly { words: RegExp; advice: string }[] = [
  {
    words: /locked collection|is locked|-25308|interaction is not allowed/i,
    advice: `the keychain is locked: unlock it (log in to the desktop, or open its password manager) and try again, ${OR_A_FILE}`,
  },
  {
    words: /autolaunch D-Bus|DBUS_SESSION_BUS_ADDRESS|Could not connect|Connection refused|connection is closed/i,
    advice: `there is no keychain in this session (no D-Bus): run this inside the desktop session or under dbus-run-session, ${OR_A_FILE}`,
  },
  {
    words: /org\.freedesktop\.secrets|ServiceUnknown|no such secret collection|No such object path/i,
    advice: `no keychain runs here: ${INSTALL}, ${OR_A_FILE}`,
  },
  {
    words: /native addon|libsecret|shared object|ERR_DLOPEN_FAILED|Cannot find (module|package)/i,
    advice: `the keychain library cannot be loaded here: ${INSTALL}, ${OR_A_FILE}`,
  },
  {
    words: /cancel|dismissed|denied|-128|-25293/i,
    advice: `the keychain refused: allow mcpgate at its prompt and try again, ${OR_A_FILE}`,
  },
];

/** The error for a message of the keychain library. */
export function keychainError(said: string): GateError {
  const known = ADVICE.find(({ words }) => words.test(said));
  const line =
    known?.advice ?? `the keychain failed (${said.replaceAll(/\s+/g, ' ').slice(0, 200)}): try again, ${OR_A_FILE}`;
  return new GateError('keychain', line, { cause: said });
}

export function keychainTimeout(timeoutMs: number): GateError {
  const seconds = timeoutMs / 1000;
  return new GateError(
    'keychain',
    `the keychain did not answer within ${seconds} s, so it is probably locked: unlock it and try again, ${OR_A_FILE}`,
  );
}
