import { plot, type PlotOptions } from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** Drawn at this width and scaled down by the page, so that labels stay legible on a phone. */
export const CHART_WIDTH = 540;

/** The little of an SVG element that is needed; its real type belongs to the DOM library, which only browsers load. */
interface ChartElement {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
}

/** A chart as the text of one `<svg>` with an accessible name; colours may be CSS variables of the page. */
export function plotSvg(title: string, options: PlotOptions): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as { document: object };
  const chart = plot({
    width: CHART_WIDTH,
    style: { fontSize: "13px", fontFamily: "inherit", background: "none", overflow: "visible" },
    ...options,
    document,
    ariaLabel: title,
  }) as unknown as ChartElement;
  chart.setAttribute("role", "img");
  return chart.outerHTML;
}
