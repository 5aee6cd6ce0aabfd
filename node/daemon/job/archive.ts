import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Deployment } from "../../chain/accounts.ts";
import { BlobFolder } from "../../storage/blobFolder.ts";
import type { Storage } from "../../storage/storage.ts";
import { replaceFile } from "../home/files.ts";
import type { JobSpec } from "./jobSpec.ts";

/** What an auditor needs beside the chain, in one folder: every blob, the job file, the contracts' addresses. */

export const archivedBlobs = (folder: string): string => join(folder, "blobs");
export const archivedJobFile = (folder: string): string => join(folder, "job.json");
export const archivedDeployment = (folder: string): string => join(folder, "deployment.json");

/** Makes the folder. Throws PacelineError `storage-failed`. */
export function openArchive(folder: string, spec: JobSpec, deployment: Deployment): void {
  mkdirSync(archivedBlobs(folder), { recursive: true });
  replaceFile(archivedJobFile(folder), `${JSON.stringify(spec, null, 2)}\n`, 0o644);
  replaceFile(archivedDeployment(folder), `${JSON.stringify(deployment, null, 2)}\n`, 0o644);
}

/** A storage whose updates and aggregates go to the archive as well, from which nothing is ever deleted. */
export function archiving(storage: Storage, folder: string): Storage {
  const blobs = new BlobFolder(archivedBlobs(folder), 0);
  return {
    ...storage,
    async putBlob(root, bytes, tag) {
      await storage.putBlob(root, bytes, tag);
      if (tag?.kind !== "checkpoint" && (await blobs.read(root)) === undefined) await blobs.put(root, bytes);
    },
  };
}
