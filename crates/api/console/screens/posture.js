// How keys stand: those of one tenant, and those of everybody below a partner.
import { html } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useLoad } from "../lib/load.js";
import { KeyCounts } from "../parts/figures.js";
import { ProblemNote } from "../parts/problem.js";
import { Skeleton, Table } from "../parts/table.js";

/** In brief: nothing of which there is none, and nothing at all while there are no keys. @param {{tenant: string, isBrief?: boolean}} props */
export function TenantPosture({ tenant, isBrief = false }) {
  const found = useLoad((signal) => request("get", "/v1/tenants/{tenant}/posture", { path: { tenant }, signal }), [tenant]);
  if (isBrief && !found.data?.keys) return null;
  if (found.problem) return html`<${ProblemNote} problem=${found.problem} onRetry=${found.reload} />`;
  return found.data ? html`<${KeyCounts} of=${found.data} isBrief=${isBrief} />` : html`<${Skeleton} rows=${1} />`;
}

/** @param {{partner: string}} props */
export function PartnerPosture({ partner }) {
  const list = useList(/** @type {any} */ ("/v1/partners/{partner}/posture"), { path: { partner } }, (answer) => answer.tenants);
  const worry = (/** @type {number} */ count) => count > 0 ? html`<span class="warn-text">${count}</span>` : html`<span class="muted">0</span>`;
  return html`
    <h2>Posture</h2>
    ${list.whole && html`<${KeyCounts} of=${list.whole} />`}
    <${Table} caption="How the keys of each tenant stand" list=${/** @type {any} */ (list)} id=${(row) => row.tenant_id} empty="No tenants below it yet." columns=${[
      { head: "Tenant", kind: "main", cell: (row) => html`<a href=${`/console/tenants/${row.tenant_id}`}>${row.name}</a>` },
      { head: "Keys", cell: (row) => row.keys },
      { head: "Past rotation age", cell: (row) => worry(row.past_rotation_age) },
      { head: "Unused 45 days", cell: (row) => worry(row.unused_45_days) },
      { head: "Unused 90 days", cell: (row) => worry(row.unused_90_days) },
      { head: "All buckets", cell: (row) => row.all_buckets },
      { head: "Never expire", cell: (row) => row.without_expiry },
    ]} />`;
}
