// What is wrong with a file that cannot be read or written, in words, by the code of the system's error.

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not',
  EPERM: 'you may not',
  EROFS: 'it lies on a read-only file system',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  ENOSPC: 'the disk is full',
  ELOOP: 'it is a symbolic link that leads in a circle',
  EBUSY: 'another program holds it open',
};

/** The system's own code; empty where the error has none. */
export function fileErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What the system says stands for it where there is no word. */
export function fileFault(error: unknown): string {
  return FAULTS[fileErrorCode(error)] ?? (error instanceof Error ? error.message : String(error));
}
