/** How figures are written for people, the same in the terminal and in the report. */

/** `0.8731` → `87.3 %`. */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(digits)} %` : "–";
}

/** A difference of two shares in percentage points, with its sign: `+1.4`. */
export function points(difference: number): string {
  if (!Number.isFinite(difference)) return "–";
  const text = (difference * 100).toFixed(1);
  if (text === "-0.0" || text === "0.0") return "±0.0";
  return text.startsWith("-") ? `−${text.slice(1)}` : `+${text}`;
}

/** Four significant digits, whole numbers from a thousand on: `0.8712`, `12.35`, `54,322`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 999.95) return Math.round(value).toLocaleString("en-US");
  return value === 0 ? "0" : value.toPrecision(4);
}

/** `0.902`, or as any other figure from 100 on; a dash for what was not measured. */
export function lossText(loss: number | undefined): string {
  if (loss === undefined) return "–";
  return loss < 99.9995 ? loss.toFixed(3) : figure(loss);
}

/**
 * A token amount in whole tokens, rounded down so that nothing is shown that is not there, with thousands separated.
 * @param units the smallest units, as a decimal string or an integer
 * @param decimals of the token
 * @param digits kept after the point
 */
export function tokens(units: string | bigint, decimals: number, digits = 2): string {
  const amount = BigInt(units);
  const sign = amount < 0n ? "−" : "";
  const absolute = amount < 0n ? -amount : amount;
  const one = 10n ** BigInt(decimals);
  const whole = (absolute / one).toLocaleString("en-US");
  const kept = Math.min(digits, decimals);
  if (kept === 0) return `${sign}${whole}`;
  const fraction = (absolute % one).toString().padStart(decimals, "0").slice(0, kept);
  return `${sign}${whole}.${fraction}`;
}

/** Whole tokens as a number, for charts only. */
export function tokensAsNumber(units: string, decimals: number): number {
  return Number(BigInt(units)) / 10 ** decimals;
}

/** `1234567` → `1,234,567`. */
export function count(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "–";
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Decimal units, three significant digits: `3.19 MB`. */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return "–";
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${BYTE_UNITS[unit] ?? ""}`;
}

/** `0.4213` → `0.42 s`, `75` → `1 min 15 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** `0x1234abcd…cdef` from a long hexadecimal string. */
export function shortHex(hex: string): string {
  return hex.length <= 14 ? hex : `${hex.slice(0, 8)}…${hex.slice(-4)}`;
}
