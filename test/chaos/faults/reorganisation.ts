import { findAnvil } from "../../helpers/anvil.ts";
import type { Fault } from "../fault.ts";

const DEPTH = 2;

export const reorganisation: Fault = {
  name: "reorganisation",
  what: `the last ${DEPTH} blocks are replaced by empty ones, and their transactions wait for a block again`,
  needs: { anvil: true },
  absence: () => (findAnvil() === undefined ? "there is no anvil here" : undefined),
  async strike({ ground }) {
    await ground.anvil!.reorganise(DEPTH, "wait again");
    ground.renewLog();
    return { members: [], heal: () => Promise.resolve() };
  },
};
