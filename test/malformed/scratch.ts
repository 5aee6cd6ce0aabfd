import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** In memory where the system has such a place: ten thousand files on a disk take minutes. */
const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** One file that is written anew for each input; its folder is made when it is first needed. */
export class ScratchFile {
  readonly #name: string;
  #folder: string | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get folder(): string {
    return (this.#folder ??= mkdtempSync(join(PLACE, "paceline-malformed-")));
  }

  get path(): string {
    return join(this.folder, this.#name);
  }

  /** @returns its path */
  write(content: Uint8Array): string {
    writeFileSync(this.path, content, { mode: 0o600 });
    return this.path;
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}
