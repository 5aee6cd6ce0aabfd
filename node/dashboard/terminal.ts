import { styleText } from "node:util";
import { createLogUpdate } from "log-update";
import { duration } from "./format.ts";
import { fit, liveLines, type LineKind, type TokenFormat } from "./liveLines.ts";
import { metricText } from "./metric.ts";
import type { LiveStatus } from "./reportData.ts";

/** Shows a federation while it runs. */
export interface LiveView {
  /** What happens outside of the rounds: starting up, baselines, paying out. */
  stage(text: string): void;
  update(status: LiveStatus): void;
  /** Leaves the last state on the screen; further calls do nothing. */
  finish(): void;
}

const PACE: TokenFormat = { symbol: "PACE", decimals: 18 };
const MOST_LINES = 24;
const MOST_COLUMNS = 100;
/** Time between two redraws, in milliseconds: faster than one can read, slow enough to cost nothing. */
const REDRAW_MS = 80;

const STYLES: Readonly<Record<LineKind, Parameters<typeof styleText>[0] | undefined>> = {
  title: "bold",
  progress: "cyan",
  plain: undefined,
  caught: "yellow",
  heading: "dim",
};

/** A view that redraws in place on a terminal, and writes plain lines anywhere else or where NO_COLOR or CI is set. */
export function createLiveView(stream: NodeJS.WriteStream, token: TokenFormat = PACE): LiveView {
  // Some terminals (a job's pseudo-terminal, an old console) do not know their size.
  const redrawable = stream.isTTY && stream.columns > 0 && stream.rows > 0;
  if (!redrawable || Boolean(process.env["NO_COLOR"]) || Boolean(process.env["CI"]))
    return new PlainLiveView((line) => stream.write(`${line}\n`));
  return new RedrawnLiveView(stream, token);
}

/** One line for each stage, settled round and event; never a control code. */
export class PlainLiveView implements LiveView {
  readonly #write: (line: string) => void;
  readonly #said = new Set<string>();
  #settled = 0;
  #done = false;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  stage(text: string): void {
    this.#say(text);
  }

  update(status: LiveStatus): void {
    for (const [index, value] of status.values.entries()) {
      if (index < this.#settled) continue;
      this.#settled = index + 1;
      const settled = `round ${index + 1} of ${status.rounds} settled`;
      this.#say(`${settled}: ${metricText(status.metric, value)} after ${duration(status.secondsInRun)}`);
    }
    for (const event of status.events) this.#say(event);
  }

  finish(): void {
    this.#done = true;
  }

  #say(text: string): void {
    if (this.#done || this.#said.has(text)) return;
    this.#said.add(text);
    this.#write(fit(text, Number.MAX_SAFE_INTEGER));
  }
}

class RedrawnLiveView implements LiveView {
  readonly #stream: NodeJS.WriteStream;
  readonly #token: TokenFormat;
  readonly #draw: ReturnType<typeof createLogUpdate>;
  #status: LiveStatus | undefined;
  #stage: string | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #done = false;

  constructor(stream: NodeJS.WriteStream, token: TokenFormat) {
    this.#stream = stream;
    this.#token = token;
    this.#draw = createLogUpdate(stream);
  }

  stage(text: string): void {
    this.#stage = text;
    this.#redraw();
  }

  update(status: LiveStatus): void {
    this.#status = status;
    // The rounds run: whatever was said before them is over.
    this.#stage = undefined;
    if (performance.now() - this.#drawnAt >= REDRAW_MS) this.#redraw();
  }

  finish(): void {
    if (this.#done) return;
    this.#stage = undefined;
    if (this.#status !== undefined) this.#redraw();
    this.#done = true;
    this.#draw.done();
  }

  #redraw(): void {
    if (this.#done) return;
    this.#drawnAt = performance.now();
    const width = Math.min(MOST_COLUMNS, this.#stream.columns) - 1;
    // One row stays free, so that the terminal does not scroll under the view.
    const height = Math.min(MOST_LINES, this.#stream.rows - 1);
    if (this.#status === undefined) {
      this.#draw(fit(`Paceline   ${this.#stage ?? "starting"} ...`, width));
      return;
    }
    const lines = liveLines(this.#status, this.#stage, this.#token, { width, height });
    this.#draw(lines.map(({ kind, text }) => paint(kind, text)).join("\n"));
  }
}

function paint(kind: LineKind, text: string): string {
  const style = STYLES[kind];
  return style === undefined || text === "" ? text : styleText(style, text, { validateStream: false });
}
