/** Text that is HTML already; everything else that a template is given is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

type Part = Html | string | number | readonly Part[];

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return part.map(render).join("");
}

/** Template tag: escapes what is put in, except Html and lists of it. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(render)));
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row, index: number) => Part;
  /** Numbers stand at the right. */
  readonly number?: boolean;
  /** Long text that may wrap. */
  readonly wide?: boolean;
}

function attributes({ number, wide }: Column<never>): Html {
  if (number === true) return html` class="number"`;
  return wide === true ? html` class="wide"` : html``;
}

function bodyRow<Row>(columns: readonly Column<Row>[], row: Row, index: number): Html {
  const cells = columns.map((column, place) => {
    const content = column.cell(row, index);
    return place === 0
      ? html`<th scope="row"${attributes(column)}>${content}</th>`
      : html`<td${attributes(column)}>${content}</td>`;
  });
  return html`<tr>${cells}</tr>\n`;
}

/** A table with a caption and column headers; the first column names its row. */
export function htmlTable<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${attributes(column)}>${column.title}</th>`)}</tr></thead>
<tbody>
${rows.map((row, index) => bodyRow(columns, row, index))}</tbody></table></div>`;
}
