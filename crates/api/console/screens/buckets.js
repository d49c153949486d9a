// Names that the scopes of keys may use.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { can } from "../lib/session.js";
import { Confirm } from "../parts/confirm.js";
import { Field, Form } from "../parts/fields.js";
import { Ago, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @param {{tenant: string}} props */
export function Buckets({ tenant }) {
  const list = useList("/v1/tenants/{tenant}/buckets", { path: { tenant } });
  const [name, setName] = useState("");
  const add = useSend(() => request("put", "/v1/tenants/{tenant}/buckets/{bucket}", { path: { tenant, bucket: name.trim() } }));
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  const submit = async () => {
    if (!(await add.submit())) return;
    say(`${name.trim()} is registered`);
    setName("");
    list.reload();
  };
  return html`
    <${Head} title="Buckets" lead="Once any are registered, keys may be limited to these and to no others." />
    ${can("keys:write") && html`<div class="panel narrow"><${Form} send="Register" isSending=${add.isSending} onSubmit=${submit}>
      <${ProblemNote} problem=${add.problem?.errors.length ? undefined : add.problem} />
      <${Field} label="Name of the bucket" value=${name} onInput=${setName} placeholder="media" error=${add.problem?.errors.map((error) => error.detail).join(" ")} />
    </${Form}></div>`}
    <${Table} caption="Buckets" list=${list} id=${(bucket) => bucket.name} empty=${html`<p class="empty-title">No buckets registered</p><p>Keys may name any bucket.</p>`} columns=${[
      { head: "Name", kind: "main", cell: (bucket) => html`<code>${bucket.name}</code>` },
      { head: "Registered", cell: (bucket) => html`<${Ago} at=${bucket.created_at} />` },
      { head: "", kind: "end", cell: (bucket) => can("keys:write") && html`<${Remove} tenant=${tenant} bucket=${bucket.name} onDone=${list.reload} />` },
    ]} />`;
}

/** @param {{tenant: string, bucket: string, onDone: () => void}} props */
function Remove({ tenant, bucket, onDone }) {
  const remove = useSend(() => request("delete", "/v1/tenants/{tenant}/buckets/{bucket}", { path: { tenant, bucket } }).then(() => true));
  return html`<${Confirm} kind="small" label=${`Unregister ${bucket}`} title="Keys that name it go on naming it" isBusy=${remove.isSending} onConfirm=${async () => { if (await remove.submit()) onDone(); }}>Unregister</${Confirm}>
    <${ProblemNote} problem=${remove.problem} />`;
}
