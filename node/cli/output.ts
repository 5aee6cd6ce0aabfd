/** What a command has to say: an object for programs, text for people. */
export interface Outcome {
  readonly data: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** 0 where left out. */
  readonly exit?: number;
}

/** One line of JSON; bigints as decimal strings, for their readers' numbers are too small. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each));
}

/** Writes to stdout and waits until it is out, so that ending the process does not cut it off. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, () => resolve());
  });
}

/** An amount in a token's smallest unit as a decimal number of whole tokens. */
export function formatUnits(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** Lines of `name  value`, aligned. */
export function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** Seconds since the epoch as UTC to the second, such as 2026-05-04 13:07:59 UTC. */
export function formatTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
