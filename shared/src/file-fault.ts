// Explains in words why a file cannot be read or written, by the code of the system's error.

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

/** The code of a system error, such as `ENOENT`; empty where the error has none. */
export function fileErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The explanation; the system's own message where the code is not in the table. */
export function fileFault(error: unknown): string {
  return FAULTS[fileErrorCode(error)] ?? (error instanceof Error ? error.message : String(error));
}
