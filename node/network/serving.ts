import type { Connection, PeerId, Stream } from "@libp2p/interface";
import type { PacelineError } from "../core/errors.ts";
import type { Admissions } from "./admissions.ts";
import { MAX_WRITE_BUFFER_BYTES } from "./blobLinks.ts";
import type { BlobRequest } from "./blobs/frames.ts";
import { pipeOver } from "./blobs/pipe.ts";
import { serveBlobs, type Answerer } from "./blobs/serve.ts";
import { operatorOf } from "./identity.ts";
import { TokenBucket } from "./tokenBucket.ts";

/** To all strangers together. */
const STRANGERS_BYTES_A_SECOND = 4 * 1024 * 1024;

interface ServingJob {
  readonly server: Answerer;
  readonly servesStrangers: boolean;
}

export interface ServingOptions {
  readonly jobs: () => Iterable<ServingJob>;
  readonly admissions: Admissions;
  /** A peer broke the protocol. */
  readonly onViolation: (peer: PeerId, error: PacelineError) => void;
}

/** Serves the blobs of all jobs of a host: to members those of every job, to strangers, within a rate, those of jobs that serve them. */
export class Serving {
  readonly #options: ServingOptions;
  readonly #strangersRate = new TokenBucket(STRANGERS_BYTES_A_SECOND);

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  serve(stream: Stream, { remotePeer }: Connection): void {
    const { admissions, onViolation } = this.#options;
    stream.maxWriteBufferLength = MAX_WRITE_BUFFER_BYTES;
    const operator = operatorOf(remotePeer);
    serveBlobs(
      (events) => pipeOver(stream, events),
      {
        answer: (request) =>
          admissions.isStranger(operator) ? this.#answerStranger(request) : this.#answer(request, () => true),
      },
      (error) => onViolation(remotePeer, error),
    );
  }

  /** From whichever job holds it. */
  async #answer(request: BlobRequest, may: (job: ServingJob) => boolean): Promise<Uint8Array | undefined> {
    for (const job of this.#options.jobs()) {
      const answer = may(job) ? await job.server.answer(request) : undefined;
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async #answerStranger(request: BlobRequest): Promise<Uint8Array | undefined> {
    const answer = await this.#answer(request, ({ servesStrangers }) => servesStrangers);
    const wait = this.#strangersRate.take(answer?.length ?? 0);
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait).unref());
    return answer;
  }
}
