/**
 * How people write the ten digits: for each digit several variants, each a list of pen strokes. A stroke is a list of points in the
 * unit square (x to the right, y down) that a smooth curve runs through; a corner is where one stroke ends and the next begins.
 */

export type Point = readonly [x: number, y: number];
export type Stroke = readonly Point[];
export type Glyph = readonly Stroke[];

/** Strokes from text: points as `x,y` in hundredths, strokes divided by a slash. */
function glyph(text: string): Glyph {
  return text.split(" / ").map((stroke) =>
    stroke.split(" ").map((point): Point => {
      const [x, y] = point.split(",");
      return [Number(x) / 100, Number(y) / 100];
    }),
  );
}

/** An ellipse, or a part of one, begun at `from` (in turns, clockwise from the right). */
function oval(cx: number, cy: number, rx: number, ry: number, from = -0.25, turns = 1): Stroke {
  return Array.from({ length: 11 }, (_, i): Point => {
    const angle = 2 * Math.PI * (from + (turns * i) / 10);
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  });
}

const ZERO = [
  [oval(0.5, 0.5, 0.33, 0.5)],
  [oval(0.5, 0.5, 0.4, 0.44, -0.18, 1.06)],
  [oval(0.5, 0.5, 0.24, 0.5, -0.2, -0.96)],
];

const ONE = [
  glyph("50,0 50,50 50,100"),
  glyph("28,26 42,14 54,0 / 54,0 53,50 52,100"),
  glyph("30,20 52,0 / 52,0 52,97 / 25,98 52,97 78,98"),
];

const TWO = [
  glyph("16,24 30,4 62,1 80,20 68,48 40,76 14,97 / 14,97 50,96 88,95"),
  glyph("18,20 40,1 72,10 74,38 50,70 22,96 10,86 26,76 55,92 90,94"),
  glyph("14,8 50,3 80,8 / 80,8 55,50 15,96 / 15,96 50,92 86,95"),
];

const THREE = [
  glyph("18,14 42,0 72,8 74,32 42,46 / 42,46 76,54 82,80 56,99 16,90"),
  glyph("16,4 50,3 78,3 / 78,3 60,22 42,40 / 42,40 74,48 82,76 54,100 14,90"),
  glyph("20,16 48,1 72,16 62,40 46,47 62,50 80,70 66,96 34,100 14,84"),
];

const FOUR = [
  glyph("24,2 18,34 14,58 / 14,58 50,57 88,54 / 70,6 68,50 64,100"),
  glyph("62,0 36,34 10,66 / 10,66 50,67 92,66 / 62,0 64,50 64,100"),
  glyph("20,2 14,36 28,54 56,50 76,30 / 78,0 74,50 66,100"),
];

const FIVE = [
  glyph("80,3 50,3 26,4 / 26,4 23,24 20,44 / 20,44 50,36 80,56 72,88 42,100 12,90"),
  glyph("84,2 56,3 34,10 24,32 42,44 72,58 72,86 42,100 14,92"),
  glyph("28,8 24,26 22,46 / 22,46 54,42 76,66 56,96 14,94 / 28,8 58,6 90,2"),
];

const SIX = [
  glyph("70,2 40,20 20,54 22,86 48,100 76,86 74,60 50,50 22,66"),
  glyph("34,0 22,40 20,76 42,100 72,90 74,64 48,56 22,76"),
  glyph("80,10 58,0 32,16 18,50 24,88 52,100 78,80 66,56 40,54 22,70"),
];

const SEVEN = [
  glyph("12,5 50,5 86,3 / 86,3 60,46 42,100"),
  glyph("12,6 50,6 84,4 / 84,4 60,50 44,100 / 30,52 56,50 80,50"),
  glyph("14,22 15,12 16,4 / 16,4 50,8 84,2 / 84,2 72,40 66,100"),
];

const EIGHT = [
  glyph("72,14 48,0 24,16 40,42 68,62 76,84 50,100 22,86 30,62 62,38 74,16"),
  [oval(0.5, 0.24, 0.24, 0.24, 0.25), oval(0.5, 0.74, 0.3, 0.26)],
  glyph("66,8 40,2 26,22 50,44 74,70 58,98 30,92 30,66 56,40 78,10"),
];

const NINE = [
  glyph("76,22 56,2 26,12 22,38 46,50 72,36 / 77,12 75,50 70,100"),
  glyph("76,20 52,0 24,16 28,42 54,46 76,22 78,60 62,92 28,98"),
  glyph("70,6 38,2 20,26 40,46 68,32 76,8 / 76,8 68,50 50,100"),
];

/** The variants of each digit, 0 … 9. */
export const GLYPHS: readonly (readonly Glyph[])[] = [ZERO, ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN, EIGHT, NINE];

/** Straight pieces that a curve between two neighbouring points is drawn as. */
const PIECES = 4;

/** Points along the uniform Catmull–Rom spline (Catmull and Rom, 1974) through the stroke's points. */
export function smoothStroke(stroke: Stroke): Stroke {
  const points: Point[] = [];
  const at = (i: number): Point => stroke[Math.min(Math.max(i, 0), stroke.length - 1)] as Point;
  for (let i = 0; i + 1 < stroke.length; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let piece = 0; piece < PIECES; piece++) {
      const t = piece / PIECES;
      points.push([catmullRom(a[0], b[0], c[0], d[0], t), catmullRom(a[1], b[1], c[1], d[1], t)]);
    }
  }
  points.push(at(stroke.length - 1));
  return points;
}

function catmullRom(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
