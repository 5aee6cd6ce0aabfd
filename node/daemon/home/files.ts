import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf, PacelineError } from "../../core/errors.ts";
import { diskError } from "../../storage/diskError.ts";

/** Small text files that a user names, with errors that a user can act on. */

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/**
 * @param what the file is, for messages: "job file", "keystore"
 * @throws PacelineError `not-found`, `bad-input` where it is a folder or too large, `storage-failed`
 */
export function readTextFile(file: string, what: string, maxBytes = 2 ** 20): string {
  try {
    const { size } = statSync(file);
    if (size > maxBytes)
      throw new PacelineError(
        "bad-input",
        `${file} is no ${what}: it has ${size} bytes, at most ${maxBytes} are allowed`,
      );
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof PacelineError) throw error;
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR")
      throw new PacelineError("not-found", `there is no ${what} at ${file}: check the path`, { file });
    if (codeOf(error) === "EISDIR")
      throw new PacelineError("bad-input", `${file} is a folder: give the ${what} itself`, { file });
    throw diskError(file, error);
  }
}

/**
 * Refuses a secret that other users of the machine can read or change, as ssh does.
 * @throws PacelineError `bad-input` saying how to mend it
 */
export function requirePrivate(file: string, what: string): void {
  if (process.platform === "win32") return; // its permissions are not told by modes
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return;
  throw new PacelineError(
    "bad-input",
    `the ${what} ${file} is open to other users of this machine (its mode is ${(mode & 0o777).toString(8)}): run chmod 600 on it, and take another key if somebody may have read it`,
    { file },
  );
}

/**
 * From now on whatever this process makes is its user's alone, whatever the umask was before. Folders of a home are closed that
 * were made by something else.
 * @param folder the home, if it is there already
 */
export function keepPrivate(folder: string): void {
  process.umask(0o077);
  if (process.platform === "win32" || !existsSync(folder)) return;
  try {
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (error) {
    throw diskError(folder, error);
  }
}

/** @throws PacelineError as `readTextFile`, and `bad-input` for what is not JSON */
export function readJsonFile(file: string, what: string): unknown {
  const text = readTextFile(file, what);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new PacelineError("bad-input", `the ${what} ${file} is not valid JSON: ${oneLine(messageOf(error))}`, {
      file,
    });
  }
}

/** Writes a file that must not exist yet, readable by its owner only. Throws PacelineError `bad-input` or `storage-failed`. */
export function createPrivateFile(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    write(file, text, "wx");
  } catch (error) {
    if (codeOf(error) === "EEXIST")
      throw new PacelineError("bad-input", `${file} exists already and is not overwritten: choose another path`, {
        file,
      });
    throw diskError(file, error);
  }
}

/** Replaces a file in one step: a crash leaves the old one or the new one. @param mode 0o644 where others may read it */
export function replaceFile(file: string, text: string, mode: 0o600 | 0o644 = 0o600): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    write(temporary, text, "w", mode);
    renameSync(temporary, file);
  } catch (error) {
    removeQuietly(temporary);
    throw diskError(file, error);
  }
}

function write(file: string, text: string, flags: "w" | "wx", mode = 0o600): void {
  const descriptor = openSync(file, flags, mode);
  try {
    writeFileSync(descriptor, text); // unlike writeSync, all of it or an error
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // it was never made
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
