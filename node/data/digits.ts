import { PacelineError } from "../core/errors.ts";
import { type Random, seededRandom } from "../core/random.ts";
import type { Dataset } from "./dataset.ts";
import { GLYPHS, type Point, type Stroke, smoothStroke } from "./digitStrokes.ts";

/**
 * Handwritten-looking digits, drawn from a seed: the data set that needs no download. Each image is by one of a number of
 * writers, who keep to their own variants, slant, width and pen, and write the same digit a little differently every time.
 */

export const SIDE = 28;

export interface DigitOptions {
  readonly count: number;
  readonly seed: number;
  /** How many people write; one participant's digits may be all by one. 256 by default. */
  readonly writers?: number;
}

/** @returns `count` images of shape [28, 28, 1], values 0 … 1 (steps of 1/255, ink is 1), the ten digits equally likely */
export function generateDigits({ count, seed, writers = 256 }: DigitOptions): Dataset {
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000)
    throw new PacelineError("bad-argument", `1 to 1,000,000 digits can be drawn, not ${count}`);
  if (!Number.isInteger(writers) || writers < 1 || writers > 100_000)
    throw new PacelineError("bad-argument", `writers is 1 to 100,000, got ${writers}`);
  const random = seededRandom(seed, 1);
  const hands = Array.from({ length: writers }, (_, writer) => drawHand(seededRandom(seed, 2, writer)));
  const features = new Float32Array(count * SIDE * SIDE);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const digit = random.below(10);
    labels[i] = digit;
    drawDigit(
      digit,
      hands[random.below(writers)] as Hand,
      random,
      features.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE),
    );
  }
  return {
    count,
    inputs: [{ shape: [SIDE, SIDE, 1], values: features }],
    targets: { shape: [], values: labels },
    classes: 10,
  };
}

/** What stays the same from one digit of a writer to the next. */
interface Hand {
  /** Index of the favoured variant, by digit. */
  readonly variants: readonly number[];
  readonly slant: number;
  /** Width over height. */
  readonly aspect: number;
  /** Height in pixels. */
  readonly height: number;
  /** Stroke width in pixels. */
  readonly pen: number;
  /** Standard deviation of the unsteadiness, in heights. */
  readonly unsteadiness: number;
}

function drawHand(random: Random): Hand {
  return {
    variants: GLYPHS.map((variants) => random.below(variants.length)),
    slant: 0.15 + 0.22 * random.normal(),
    aspect: 0.72 + 0.22 * random.uniform(),
    height: 16.5 + 3.5 * random.uniform(),
    pen: 1.9 + 1.7 * random.uniform(),
    unsteadiness: 0.025 + 0.02 * random.uniform(),
  };
}

/** How often a writer uses another variant than the favoured one. */
const OTHER_VARIANT = 0.15;

function drawDigit(digit: number, hand: Hand, random: Random, image: Float32Array): void {
  const variants = SMOOTH_GLYPHS[digit] as readonly (readonly Stroke[])[];
  const variant = random.uniform() < OTHER_VARIANT ? random.below(variants.length) : (hand.variants[digit] as number);
  const place = placement(hand, random);
  const pen = hand.pen * (0.85 + 0.3 * random.uniform());
  for (const stroke of variants[variant] as readonly Stroke[]) inkStroke(image, stroke.map(place), pen);
  developInk(image, random);
}

/** Variants with their curves drawn out, once for all images. */
const SMOOTH_GLYPHS: readonly (readonly (readonly Stroke[])[])[] = GLYPHS.map((variants) =>
  variants.map((glyph) => glyph.map(smoothStroke)),
);

type Placement = (point: Point) => Point;

/** From the unit square to pixels: an unsteady hand, then width, slant, turn, size and place on the paper. */
function placement(hand: Hand, random: Random): Placement {
  const unsteady = unsteadiness(hand.unsteadiness, random);
  const height = hand.height * (1 + 0.06 * random.normal());
  const width = height * hand.aspect * (1 + 0.08 * random.normal());
  const slant = hand.slant + 0.07 * random.normal();
  const turn = 0.09 * random.normal();
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [left, top] = [SIDE / 2 + 1.3 * random.normal(), SIDE / 2 + 1.3 * random.normal()];
  return (point) => {
    const [x, y] = unsteady(point);
    const down = (y - 0.5) * height;
    const right = (x - 0.5) * width - slant * down;
    return [left + cos * right - sin * down, top + sin * right + cos * down];
  };
}

/** A smooth random shift: normal at 3×3 knots, bilinear between them, so that strokes that meet still meet. */
function unsteadiness(stddev: number, random: Random): Placement {
  const shifts = Float64Array.from({ length: 18 }, () => stddev * random.normal());
  return ([x, y]) => {
    const [column, row] = [x < 0.5 ? 0 : 1, y < 0.5 ? 0 : 1];
    const [u, v] = [2 * x - column, 2 * y - row];
    const shift = (axis: number): number => {
      const at = (c: number, r: number): number => shifts[2 * (3 * (row + r) + column + c) + axis] as number;
      return (1 - v) * ((1 - u) * at(0, 0) + u * at(1, 0)) + v * ((1 - u) * at(0, 1) + u * at(1, 1));
    };
    return [x + shift(0), y + shift(1)];
  };
}

function inkStroke(image: Float32Array, stroke: Stroke, pen: number): void {
  for (let i = 0; i + 1 < stroke.length; i++) inkSegment(image, stroke[i] as Point, stroke[i + 1] as Point, pen / 2);
}

/** Inks the pixels within `radius` of a straight piece, with a soft edge one pixel wide. */
function inkSegment(image: Float32Array, [ax, ay]: Point, [bx, by]: Point, radius: number): void {
  const reach = radius + 0.5;
  const [dx, dy] = [bx - ax, by - ay];
  const lengthSquared = dx * dx + dy * dy + 1e-9;
  const [fromX, toX] = pixelRange(Math.min(ax, bx) - reach, Math.max(ax, bx) + reach);
  const [fromY, toY] = pixelRange(Math.min(ay, by) - reach, Math.max(ay, by) + reach);
  for (let y = fromY; y <= toY; y++) {
    for (let x = fromX; x <= toX; x++) {
      const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / lengthSquared));
      const awayX = x - ax - t * dx;
      const awayY = y - ay - t * dy;
      const ink = Math.min(1, reach - Math.sqrt(awayX * awayX + awayY * awayY));
      const pixel = y * SIDE + x;
      if (ink > (image[pixel] as number)) image[pixel] = ink;
    }
  }
}

function pixelRange(from: number, to: number): readonly [number, number] {
  return [Math.max(0, Math.ceil(from)), Math.min(SIDE - 1, Math.floor(to))];
}

/** Uneven ink, then the 256 grey levels of a scanned image. */
function developInk(image: Float32Array, random: Random): void {
  const strength = 0.8 + 0.2 * random.uniform();
  for (let i = 0; i < image.length; i++) {
    const ink = image[i] as number;
    if (ink === 0) continue;
    const level = ink * strength + 0.08 * (random.uniform() - 0.5);
    image[i] = Math.round(255 * Math.min(1, Math.max(0, level))) / 255;
  }
}
