import type { Fault } from "./fault.ts";
import { deadRpc, hangingFirstRpc, hangingRpc, laggingRpc } from "./faults/endpoints.ts";
import { floodingPeer, malformed, replayingPeer, stallingPeer, wrongBytesPeer } from "./faults/hostile.ts";
import { fullDisk, wrongClock } from "./faults/machine.ts";
import { garbled, loss, partition } from "./faults/network.ts";
import { deadAggregator, deadHalf, kill, pause } from "./faults/processes.ts";
import { reorganisation } from "./faults/reorganisation.ts";

/** The table's rows. */
export const FAULTS: readonly Fault[] = [
  kill,
  pause,
  deadAggregator,
  deadHalf,
  deadRpc,
  hangingRpc,
  hangingFirstRpc,
  laggingRpc,
  reorganisation,
  partition,
  loss,
  garbled,
  stallingPeer,
  wrongBytesPeer,
  malformed,
  floodingPeer,
  replayingPeer,
  fullDisk,
  wrongClock,
];
