// What is left of a restore: whether requests are verified, and what is held back until somebody decides.
import { html } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useLoad, useSend } from "../lib/load.js";
import { Confirm } from "../parts/confirm.js";
import { Ago, Badge, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

const SCREENS = /** @type {Record<string, string>} */ ({ tenant: "tenants", partner: "partners", gateway: "gateways" });

export function Quarantine() {
  const found = useLoad((signal) => request("get", "/v1/quarantine", { signal }), []);
  const list = useList("/v1/quarantine/held-back");
  const reload = () => { found.reload(); list.reload(); };
  const lift = useSend((once) => request("post", "/v1/quarantine/lift", { once }).then(() => true));
  const decide = useSend((once, body) => request("post", "/v1/quarantine/held-back/decide", { once, body }).then(() => true));
  const state = found.data;
  if (!state && found.problem) return html`<${ProblemPage} problem=${found.problem} onRetry=${reload} />`;
  const to = (decision, subjects) => async () => { if (await decide.submit({ decision, subjects })) { say("Decided"); reload(); } };
  return html`
    <${Head} title="Quarantine" lead=${state?.restored_at ? html`The database was restored <${Ago} at=${state.restored_at} />. What was changed after its backup is dead until you decide.` : "The database was never restored from a backup."}>
      ${state && state.held_back > 0 && html`<${Confirm} isBusy=${decide.isSending} onConfirm=${to("confirmed")}>Leave all dead</${Confirm}>`}
    </${Head}>
    ${state?.quarantined && html`<div class="note bad"><p class="note-title">Nothing is verified</p><p>${state.reason}</p>
      <p class="note-foot"><span>First revoke what has to stay revoked.</span><${Confirm} isBusy=${lift.isSending} onConfirm=${async () => { if (await lift.submit()) { say("Requests are verified"); reload(); } }}>Lift the quarantine</${Confirm}></p></div>`}
    <${ProblemNote} problem=${lift.problem ?? decide.problem} />
    <${Table} caption="Held back" list=${list} id=${(row) => row.subject} empty="Nothing is held back." columns=${[
      { head: "Held back", kind: "main", cell: (row) => { const id = html`<code>${row.subject}</code>`; return SCREENS[row.type] ? html`<a href=${`/console/${SCREENS[row.type]}/${row.subject}`}>${id}</a>` : id; } },
      { head: "Is a", cell: (row) => row.type },
      { head: "Changed", cell: (row) => html`<${Ago} at=${row.changed_at} />` },
      { head: "Decision", cell: (row) => html`<${Badge} kind=${row.decision === "released" ? "good" : "bad"}>${row.decision ? row.decision === "released" ? "counts again" : "stays dead" : "undecided"}</${Badge}>` },
      { head: "", kind: "end", cell: (row) => html`<span class="row end">
        ${row.decision !== "released" && html`<${Confirm} kind="small" label=${`Release ${row.subject}`} title="It counts again, as it was when the backup was made" isBusy=${decide.isSending} onConfirm=${to("released", [row.subject])}>Release</${Confirm}>`}
        ${row.decision !== "confirmed" && html`<${Confirm} kind="small" label=${`Leave dead: ${row.subject}`} isBusy=${decide.isSending} onConfirm=${to("confirmed", [row.subject])}>Leave dead</${Confirm}>`}</span>` },
    ]} />`;
}
