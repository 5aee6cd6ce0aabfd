import { PacelineError } from "../../core/errors.ts";

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

/** Bounds how many do something at a time, and with how many bytes in memory; first come, first served. One may always. */
export class Slots {
  readonly #count: number;
  readonly #bytes: number;
  readonly #waiting: Waiting[] = [];
  #takenCount = 0;
  #takenBytes = 0;

  constructor(count: number, bytes = Infinity) {
    this.#count = count;
    this.#bytes = bytes;
  }

  /**
   * Waits for a slot; the returned function gives it back, and may be called twice.
   * @throws PacelineError `closed` when aborted while it waits
   */
  enter(bytes = 0, signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(aborted());
      const waiting: Waiting = {
        bytes,
        go: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve(this.#leave(bytes));
        },
      };
      const onAbort = (): void => {
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(aborted());
        this.#serve();
      };
      signal?.addEventListener("abort", onAbort);
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  #leave(bytes: number): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#takenCount--;
      this.#takenBytes -= bytes;
      this.#serve();
    };
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoomFor(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#takenCount++;
      this.#takenBytes += next.bytes;
      next.go();
    }
  }

  #hasRoomFor({ bytes }: Waiting): boolean {
    if (this.#takenCount === 0) return true;
    return this.#takenCount < this.#count && this.#takenBytes + bytes <= this.#bytes;
  }
}

function aborted(): PacelineError {
  return new PacelineError("closed", "the fetch was aborted");
}
