import type { Connection, PeerId, Stream } from "@libp2p/interface";
import type { PacelineError } from "../core/errors.ts";
import type { Admissions } from "./admissions.ts";
import { MAX_WRITE_BUFFER_BYTES } from "./blobLinks.ts";
import type { BlobRequest } from "./blobs/frames.ts";
import { pipeOver } from "./blobs/pipe.ts";
import { serveBlobs } from "./blobs/serve.ts";
import type { JobBlobs } from "./blobs/jobBlobs.ts";
import type { TransferLimits } from "./blobs/transferLimits.ts";
import { operatorOf } from "./identity.ts";

interface ServingJob {
  readonly blobs: JobBlobs;
  readonly servesStrangers: boolean;
}

export interface ServingOptions {
  readonly jobs: () => Iterable<ServingJob>;
  readonly admissions: Admissions;
  readonly limits: TransferLimits;
  /** A peer broke the protocol. */
  readonly onViolation: (peer: PeerId, error: PacelineError) => void;
}

/** Serves the blobs of all jobs of a host: to members those of every job, to strangers, within a rate, those of jobs that serve them. */
export class Serving {
  readonly #options: ServingOptions;

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  serve(stream: Stream, { remotePeer }: Connection): void {
    const { admissions, limits, onViolation } = this.#options;
    stream.maxWriteBufferLength = MAX_WRITE_BUFFER_BYTES;
    const peer = operatorOf(remotePeer);
    const isStranger = (): boolean => admissions.isStranger(peer);
    serveBlobs(
      (events) => pipeOver(stream, events),
      {
        peer,
        isStranger,
        limits,
        answer: (request) => this.#answer(request, ({ servesStrangers }) => servesStrangers || !isStranger()),
      },
      (error) => onViolation(remotePeer, error),
    );
  }

  /** From whichever job holds it. */
  async #answer(request: BlobRequest, may: (job: ServingJob) => boolean): Promise<Uint8Array | undefined> {
    for (const job of this.#options.jobs()) {
      const answer = may(job) ? await job.blobs.answer(request) : undefined;
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}
