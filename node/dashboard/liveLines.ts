import { duration, percent, shortHex, tokens } from "./format.ts";
import { metricValue } from "./metric.ts";
import type { LiveStatus } from "./reportData.ts";

/** How a token's amounts are written. */
export interface TokenFormat {
  readonly symbol: string;
  readonly decimals: number;
}

/** What a line of the view says, so that a terminal may colour it. */
export type LineKind = "title" | "progress" | "plain" | "caught" | "heading";

export interface LiveLine {
  readonly kind: LineKind;
  readonly text: string;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
}

const MOST_EVENTS = 3;
const LEAST_PARTICIPANT_LINES = 2;
const TICKS = "▁▂▃▄▅▆▇█";

export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-Math.max(1, width));
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const tick = (value: number): string => {
    const share = high > low ? (value - low) / (high - low) : 1;
    return TICKS[Math.min(TICKS.length - 1, Math.floor(share * TICKS.length))] ?? " ";
  };
  return shown.map(tick).join("");
}

export function progressBar(share: number, width: number): string {
  const clamped = Math.min(1, Math.max(0, share));
  const suffix = ` ${(clamped * 100).toFixed(0).padStart(3)} %`;
  const cells = Math.max(4, width - suffix.length);
  const full = Math.round(clamped * cells);
  return "█".repeat(full) + "░".repeat(cells - full) + suffix;
}

/** Cuts a line that is too long, and says so with an ellipsis; control characters, which would move the cursor, go. */
export function fit(text: string, width: number): string {
  // eslint-disable-next-line no-control-regex
  const clean = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  const characters = Array.from(clean);
  return characters.length <= width ? clean : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** Share of the run that is over: whole rounds, and the phases of the one that runs. */
export function progress({ round, rounds, phase }: LiveStatus): number {
  const phases = ["commit", "share", "propose", "challenge", "score"];
  if (phase === "finished") return 1;
  const within = Math.max(0, phases.indexOf(phase)) / phases.length;
  return rounds === 0 ? 0 : (Math.max(0, round - 1) + within) / rounds;
}

function metricLine({ metric, values }: LiveStatus, width: number): string {
  const name = metric.name.padEnd(10);
  if (values.length === 0) return `${name} no round has settled yet`;
  const measured = values.filter((value) => value !== undefined);
  return `${name} ${metricValue(metric, values.at(-1))}  ${sparkline(measured, Math.min(40, width - 24))}`;
}

function leadLine({ aggregator, participants }: LiveStatus, { symbol, decimals }: TokenFormat): string {
  const best = participants.reduce<LiveStatus["participants"][number] | undefined>(
    (first, one) => (BigInt(one.paid) > BigInt(first?.paid ?? 0) ? one : first),
    undefined,
  );
  const leads = best === undefined ? "nobody yet" : `${best.name} with ${tokens(best.paid, decimals)} ${symbol}`;
  return `aggregator ${(aggregator ?? "–").padEnd(12)} leads  ${leads}`;
}

/** Widths of the columns of participants: names as long as they are, within reason. */
function participantLines({ participants }: LiveStatus, token: TokenFormat, room: number): LiveLine[] {
  const names = participants.map(({ name }) => (name.startsWith("0x") ? shortHex(name) : name));
  const width = Math.min(20, Math.max(11, ...names.map((name) => name.length)));
  const row = (name: string, score: string, paid: string, doing: string): string =>
    `${fit(name, width).padEnd(width)} ${score.padStart(7)} ${paid.padStart(14)}  ${doing}`;
  const head: LiveLine = { kind: "heading", text: row("participant", "score", `paid, ${token.symbol}`, "doing") };
  const fits = participants.length <= room - 1 ? participants.length : Math.max(1, room - 2);
  const lines = participants.slice(0, fits).map(({ score, paid, doing }, index): LiveLine => {
    const text = row(names[index] ?? "", percent(score / 10_000), tokens(paid, token.decimals), doing);
    return { kind: "plain", text };
  });
  const hidden = participants.length - fits;
  return [head, ...lines, ...(hidden > 0 ? [{ kind: "plain" as const, text: `… and ${hidden} more` }] : [])];
}

/**
 * The live view as lines that fit a terminal: never more than `height`, none longer than `width`.
 * @param stage what happens outside of the rounds (starting up, baselines), if anything
 */
export function liveLines(status: LiveStatus, stage: string | undefined, token: TokenFormat, frame: Frame): LiveLine[] {
  const { width, height } = frame;
  const round = Math.min(status.round, status.rounds);
  const title = `Paceline   round ${round} of ${status.rounds}   ${status.phase}   ${duration(status.secondsInRun)}`;
  const top: LiveLine[] = [
    { kind: "title", text: title },
    { kind: "progress", text: progressBar(progress(status), Math.min(width, 80)) },
    { kind: "plain", text: metricLine(status, width) },
    { kind: "plain", text: leadLine(status, token) },
    ...(stage === undefined ? [] : [{ kind: "plain" as const, text: `now        ${stage}` }]),
  ];
  const forEvents = Math.max(0, Math.min(MOST_EVENTS, height - top.length - LEAST_PARTICIPANT_LINES - 1));
  const events = forEvents === 0 ? [] : status.events.slice(-forEvents);
  top.push(...events.map((text): LiveLine => ({ kind: "caught", text: `! ${text}` })));
  const room = height - top.length - 1;
  const table = room < LEAST_PARTICIPANT_LINES ? [] : participantLines(status, token, room);
  const lines = table.length === 0 ? top : [...top, { kind: "plain" as const, text: "" }, ...table];
  return lines.slice(0, height).map(({ kind, text }) => ({ kind, text: fit(text, width) }));
}
