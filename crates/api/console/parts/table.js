// Lists: a table where there is room, and one card under another where there is not.
import { html } from "../vendor/preact.js";
import { ProblemNote } from "./problem.js";

/**
 * @template T
 * @param {{caption: string, columns: {head: string, cell: (row: T) => any, kind?: string}[], list: {items?: T[], problem?: any, isLoading: boolean, next: (() => void) | null, reload: () => void},
 *   id: (row: T) => string, empty?: any, rowClass?: (row: T) => string}} props
 */
export function Table({ caption, columns, list, id, empty, rowClass }) {
  const { items, problem, isLoading, next, reload } = list;
  if (!items && problem) return html`<${ProblemNote} problem=${problem} onRetry=${reload} />`;
  if (!items) return html`<${Skeleton} />`;
  return html`
    ${problem && html`<${ProblemNote} problem=${problem} onRetry=${reload} />`}
    ${items.length === 0 ? html`<div class="empty">${empty ?? "Nothing here yet."}</div>` : html`
      <table aria-busy=${isLoading}>
        <caption class="unseen">${caption}</caption>
        <thead><tr>${columns.map((column) => html`<th key=${column.head} scope="col" class=${column.kind}>${column.head || html`<span class="unseen">Actions</span>`}</th>`)}</tr></thead>
        <tbody>${items.map((row) => html`
          <tr key=${id(row)} class=${rowClass?.(row)}>${columns.map((column, at) => at === 0
            ? html`<th key=${column.head} scope="row" class=${column.kind} data-head=${column.head}>${column.cell(row)}</th>`
            : html`<td key=${column.head} class=${column.kind} data-head=${column.head}><div>${column.cell(row)}</div></td>`)}</tr>`)}
        </tbody>
      </table>`}
    ${next && html`<p class="more"><button type="button" disabled=${isLoading} onClick=${next}>Show more</button> <span class="muted">${items.length} shown</span></p>`}`;
}

/** Where something will be. It is seen only when that takes a while. */
export const Skeleton = ({ rows = 4 }) => html`<div class="skeleton" aria-hidden="true">${Array.from({ length: rows }, (_, at) => html`<div key=${at}></div>`)}</div>`;
