import { seededRandom } from "../../../node/core/random.ts";
import type { Fault } from "../fault.ts";
import type { LossyLine } from "../links.ts";

const PARTITION_SECONDS = 20;

/** Two halves that cannot reach each other; neither is a quorum, and both reach the chain. */
export const partition: Fault = {
  name: "partition",
  what: `two halves without a link between them for ${PARTITION_SECONDS} s, then healed`,
  needs: { links: true },
  async strike({ ground }) {
    const half = Math.floor(ground.size / 2);
    ground.links!.set((from, to) => (from < half === to < half ? "open" : "cut"));
    return {
      members: ground.daemons.map((_, member) => member),
      seconds: PARTITION_SECONDS,
      heal: async () => ground.links!.set(() => "open"),
    };
  },
};

/** Everybody hears of everything, late. */
export const loss: Fault = {
  name: "loss",
  what: "every link delays by 100 ms and loses 30 % of all segments, which TCP sends again",
  needs: { links: true },
  async strike({ ground, round }) {
    const random = seededRandom(round);
    const line: LossyLine = { delayMs: 100, loss: 0.3, uniform: () => random.uniform() };
    ground.links!.set(() => line);
    return {
      members: ground.daemons.map((_, member) => member),
      heal: async () => ground.links!.set(() => "open"),
    };
  },
};

/** Everybody hears noise now and then: encryption finds it out, and the connection breaks. */
export const garbled: Fault = {
  name: "garbled line",
  what: "every link flips a bit in every fiftieth piece that it carries",
  needs: { links: true },
  async strike({ ground, round }) {
    const random = seededRandom(round);
    const line: LossyLine = { delayMs: 0, loss: 0, garbled: 0.02, uniform: () => random.uniform() };
    ground.links!.set(() => line);
    return {
      members: ground.daemons.map((_, member) => member),
      heal: async () => ground.links!.set(() => "open"),
    };
  },
};
