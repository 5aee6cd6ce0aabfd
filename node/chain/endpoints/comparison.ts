import { agreementOf } from "./agreement.ts";
import { toHead } from "./head.ts";
import { lags, type Health } from "./health.ts";
import type { PoolMembers } from "./members.ts";

/** A question that every endpoint is to answer alike. */
export interface Question {
  readonly method: string;
  readonly params: unknown;
}

/** Blocks that endpoints may still differ about though nothing is wrong. */
const UNSETTLED_BLOCKS = 3;
const MAX_QUESTIONS = 16;

type Answers = readonly (string | undefined)[];

function blockAt(height: number): Question {
  return { method: "eth_getBlockByNumber", params: [`0x${height.toString(16)}`, false] };
}

/** Asks all endpoints of a pool the same, and draws the consequences where they differ. */
export class Comparison {
  readonly #members: PoolMembers;
  readonly #depth: number;
  #questions: readonly Question[] = [];
  #isTied = false;

  /** @param confirmations blocks on top of one that all should have alike */
  constructor(members: PoolMembers, confirmations: number) {
    this.#members = members;
    this.#depth = Math.max(confirmations, UNSETTLED_BLOCKS);
  }

  /** They contradict each other and nobody can say who is right. */
  get isTied(): boolean {
    return this.#isTied;
  }

  /** Takes up a question for the next `run`. */
  add(question: Question): void {
    this.#questions = [...this.#questions, question].slice(-MAX_QUESTIONS);
  }

  /** Compares the newest block that all should have alike, and what was asked for meanwhile. */
  async run(): Promise<void> {
    const { health } = this.#members;
    const answering = health.filter(({ head, failures }) => head !== undefined && failures === 0);
    const questions = this.#questions;
    this.#questions = [];
    if (answering.length < 2) return;
    // Who is behind is asked about what it has: else one that claims to be ahead would be compared with nobody.
    const upToDate = answering.filter((one) => !lags(one, health));
    const heights = new Set(
      [upToDate, answering].filter(({ length }) => length > 1).map((some) => this.#settled(some)),
    );
    const suspects = new Set<number>();
    let isTied = false;
    for (const question of [...[...heights].map(blockAt), ...questions]) {
      const answers = await this.#askAll(question);
      const agreement = agreementOf(answers);
      for (const index of agreement.minority) suspects.add(index);
      isTied ||= agreement.isTied;
      const isNew = agreement.minority.some((index) => !this.#members.health[index]!.contradicts);
      if (isNew || (agreement.isTied && !this.#isTied)) this.#tellDifference(question, answers, agreement.isTied);
    }
    this.#conclude(suspects, isTied);
  }

  #askAll({ method, params }: Question): Promise<Answers> {
    return Promise.all(
      this.#members.nodes.map(async (_, index) => {
        if (!this.#members.isReady(index)) return undefined;
        const answer = await this.#members.ask(index, method, params).catch(() => undefined);
        if (answer === undefined || answer === null) return undefined;
        return typeof answer === "string" ? answer.toLowerCase() : toHead(answer).hash;
      }),
    );
  }

  #conclude(suspects: ReadonlySet<number>, isTied: boolean): void {
    const wasTied = this.#isTied;
    this.#isTied = isTied;
    this.#members.nodes.forEach(({ name }, index) => {
      const before = this.#members.health[index]!.contradicts;
      this.#members.setContradicts(index, suspects.has(index));
      if (!before || suspects.has(index)) return;
      this.#members.tell("endpoints-agree", { endpoint: name }, `${name} agrees with the others again`);
    });
    if (!wasTied || isTied) return;
    this.#members.tell("endpoints-agree", {}, "the endpoints agree again; transactions are sent as before");
  }

  /** A block that all of them should have alike. */
  #settled(some: readonly Health[]): number {
    return Math.max(0, Math.min(...some.map(({ head }) => head!.number)) - this.#depth);
  }

  #tellDifference({ method, params }: Question, answers: Answers, isTied: boolean): void {
    const said = this.#members.nodes.flatMap(({ name }, index) => {
      const answer = answers[index];
      return answer === undefined ? [] : [{ endpoint: name, answer: answer.slice(0, 66) }];
    });
    const block = (params as readonly unknown[])[method === "eth_call" ? 1 : 0];
    const height = typeof block === "string" && block.startsWith("0x") ? Number(block) : undefined;
    const what = method === "eth_call" ? "a job's state" : `block ${String(height)}`;
    const end = isTied
      ? "no answer has a majority, so no transaction is sent until they agree: find out which one is right, or add a third"
      : "those that contradict the majority are not used";
    const list = said.map(({ endpoint, answer }) => `${endpoint} says ${answer}`).join(", ");
    const facts = { method, height, said, isTied };
    this.#members.tell("endpoints-disagree", facts, `the endpoints disagree about ${what}: ${list}; ${end}`);
  }
}
