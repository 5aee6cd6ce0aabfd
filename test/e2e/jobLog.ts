import { decodeFunctionData, parseEventLogs, type ParseEventLogsReturnType } from "viem";
import { courtAbi, jobAbi } from "../../node/chain/abi.ts";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import type { JobAddresses } from "../../node/chain/viemJob.ts";
import type { Address } from "../../node/core/bytes.ts";

const ABI = [...jobAbi, ...courtAbi] as const;

export type JobEvent = ParseEventLogsReturnType<typeof ABI, undefined, true>[number];
export type JobEventName = JobEvent["eventName"];
export type ArgsOf<Name extends JobEventName> = Extract<JobEvent, { eventName: Name }>["args"];

/** A transaction to the job or to the court that succeeded. */
export interface PostedCall {
  readonly name: string;
  readonly from: Address;
  readonly blockNumber: number;
}

/** What the chain says of one job, as it goes. */
export class JobLog {
  readonly #endpoint: Endpoint;
  readonly #addresses: JobAddresses;
  readonly #events: JobEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #stop: () => void;
  #nextBlock: bigint;
  #reading: Promise<void> = Promise.resolve();

  constructor(endpoint: Endpoint, addresses: JobAddresses) {
    this.#endpoint = endpoint;
    this.#addresses = addresses;
    this.#nextBlock = BigInt(addresses.fromBlock);
    const refresh = (): void => void this.refresh().catch(() => undefined); // the next block tries again
    this.#stop = endpoint.onBlock(refresh, () => undefined);
  }

  close(): void {
    this.#stop();
  }

  /** Reads what is new. Blocks are read once: this log does not follow a reorganisation. */
  refresh(): Promise<void> {
    const next = this.#reading.catch(() => undefined).then(() => this.#read());
    this.#reading = next;
    return next;
  }

  async #read(): Promise<void> {
    const { client } = this.#endpoint;
    const { job, court } = this.#addresses;
    const toBlock = await client.getBlockNumber();
    if (toBlock < this.#nextBlock) return;
    const logs = await client.getLogs({ address: [job, court], fromBlock: this.#nextBlock, toBlock });
    this.#nextBlock = toBlock + 1n;
    this.#events.push(...parseEventLogs({ abi: ABI, logs }).filter((event) => this.#isOurs(event)));
    for (const listener of [...this.#listeners]) listener();
  }

  /** The court serves every job. */
  #isOurs({ args }: JobEvent): boolean {
    return !("job" in args) || args.job.toLowerCase() === this.#addresses.job;
  }

  /** So far, oldest first. */
  all<Name extends JobEventName>(name: Name): readonly Extract<JobEvent, { eventName: Name }>[] {
    return this.#events.filter((event): event is Extract<JobEvent, { eventName: Name }> => event.eventName === name);
  }

  /** So far, of one round. */
  of<Name extends JobEventName>(name: Name, round: number): readonly ArgsOf<Name>[] {
    return this.all(name)
      .map(({ args }) => args as ArgsOf<Name>)
      .filter((args) => "round" in args && args.round === round);
  }

  /** Resolves with the first event that fits, one from the past or one to come; rejects after `seconds`. */
  until<Name extends JobEventName>(
    name: Name,
    fits: (args: ArgsOf<Name>) => boolean,
    seconds: number,
  ): Promise<ArgsOf<Name>> {
    const find = (): ArgsOf<Name> | undefined =>
      this.all(name)
        .map(({ args }) => args as ArgsOf<Name>)
        .find(fits);
    return this.#first(find, name, seconds);
  }

  /** Resolves once a round is over; rejects after `seconds`. */
  ended(round: number, seconds: number): Promise<"settled" | "skipped"> {
    const find = (): "settled" | "skipped" | undefined => {
      if (this.of("RoundSettled", round).length > 0) return "settled";
      return this.of("RoundSkipped", round).length > 0 ? "skipped" : undefined;
    };
    return this.#first(find, `end of round ${round}`, seconds);
  }

  /** Resolves once a round has settled; rejects where it is skipped, and after `seconds`. */
  async settled(round: number, seconds: number): Promise<ArgsOf<"RoundSettled">> {
    if ((await this.ended(round, seconds)) === "skipped")
      throw new Error(`round ${round} was skipped:\n${this.tail()}`);
    return this.of("RoundSettled", round)[0]!;
  }

  #first<Found>(find: () => Found | undefined, what: string, seconds: number): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(deadline);
        this.#listeners.delete(look);
        resolve(found);
      };
      const deadline = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error(`no ${what} within ${seconds} s; so far:\n${this.tail()}`));
      }, seconds * 1000);
      this.#listeners.add(look);
      look();
    });
  }

  /** Every transaction to the job or the court that succeeded, by what it called. */
  async calls(): Promise<readonly PostedCall[]> {
    const { client } = this.#endpoint;
    const { job, court } = this.#addresses;
    const calls: PostedCall[] = [];
    for (let number = BigInt(this.#addresses.fromBlock) + 1n; number < this.#nextBlock; number++) {
      const { transactions } = await client.getBlock({ blockNumber: number, includeTransactions: true });
      for (const { hash, to, from, input } of transactions) {
        if (![job, court].includes((to ?? "").toLowerCase() as Address)) continue;
        if ((await client.getTransactionReceipt({ hash })).status !== "success") continue;
        const name: string = decodeFunctionData({ abi: ABI, data: input }).functionName;
        calls.push({ name, from: from.toLowerCase() as Address, blockNumber: Number(number) });
      }
    }
    return calls;
  }

  /** Seconds since the epoch. */
  async timeOf(blockNumber: bigint): Promise<number> {
    return Number((await this.#endpoint.client.getBlock({ blockNumber })).timestamp);
  }

  /** Its last events, for the message of a test that fails. */
  tail(): string {
    return this.#events
      .slice(-70)
      .map(({ eventName, args, blockNumber }) => {
        const text = JSON.stringify(args, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
        return `  ${blockNumber} ${eventName} ${text.slice(0, 200)}`;
      })
      .join("\n");
  }
}
