import * as fsPromises from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { BlobFileSystem } from "../../node/storage/blobFileSystem.ts";

/** What happens to one change of the disk: it fails before, or after half of it was written; undefined where all is well. */
export type DiskFault = "fail" | "tear" | undefined;

export interface FaultyDisk {
  readonly fs: BlobFileSystem;
  /** Changes of the disk so far. */
  readonly changes: () => number;
}

/** The real file system, in which the `n`-th change (a write, a rename, a removal …) fails as `fault(n)` says. */
export function faultyDisk(fault: (change: number) => DiskFault, code = "EIO"): FaultyDisk {
  let changes = 0;
  const failure = (): Error => Object.assign(new Error(`${code}: told to`), { code });
  const change = async <T>(work: () => Promise<T>, tear?: () => Promise<unknown>): Promise<T> => {
    const told = fault(changes++);
    if (told === "tear") await tear?.();
    if (told !== undefined) throw failure();
    return work();
  };
  const wrapped = (file: FileHandle): FileHandle =>
    new Proxy(file, {
      get(target, name) {
        if (name === "write")
          return (bytes: Uint8Array, offset = 0, length = bytes.length - offset, position?: number) =>
            change(
              () => target.write(bytes, offset, length, position),
              () => target.write(bytes, offset, length >> 1, position),
            );
        if (name === "appendFile")
          return (bytes: Uint8Array) =>
            change(
              () => target.appendFile(bytes),
              () => target.appendFile(bytes.subarray(0, bytes.length >> 1)),
            );
        if (name === "truncate") return (length: number) => change(() => target.truncate(length));
        if (name === "sync") return () => change(() => target.sync());
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  const fs = {
    ...fsPromises,
    open: async (...args: Parameters<typeof fsPromises.open>) => wrapped(await fsPromises.open(...args)),
    rename: (from: string, to: string) => change(() => fsPromises.rename(from, to)),
    unlink: (path: string) => change(() => fsPromises.unlink(path)),
  } as BlobFileSystem;
  return { fs, changes: () => changes };
}

/** The real file system with room for so many bytes below `folder`; what is beyond fails as a full disk does, half-written. */
export function smallDisk(folder: string, roomBytes: () => number): BlobFileSystem {
  const used = async (): Promise<number> => {
    const entries = await fsPromises.readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile());
    const sizes = files.map(async ({ parentPath, name }) => (await fsPromises.stat(`${parentPath}/${name}`)).blocks);
    return (await Promise.all(sizes)).reduce((sum, blocks) => sum + blocks * 512, 0);
  };
  const statfs = async () => ({ bavail: Math.max(0, roomBytes() - (await used())), bsize: 1 });
  return { ...fsPromises, statfs: statfs as unknown as BlobFileSystem["statfs"] };
}
