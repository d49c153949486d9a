// Oneself: who one is here, and the password.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useLoad, useSend } from "../lib/load.js";
import { isPerson, me } from "../lib/session.js";
import { exactly } from "../lib/time.js";
import { Field, Form } from "../parts/fields.js";
import { Badge, Facts, Head } from "../parts/page.js";
import { ProblemNote } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

const KINDS = { user: "Person", operator_token: "Operator's token", partner_token: "Partner's token", tenant_token: "Tenant's token" };

export function Account() {
  const who = me.value;
  const tenant = useLoad(async (signal) => who?.tenant_id ? request("get", "/v1/tenants/{tenant}", { path: { tenant: who.tenant_id }, signal }) : undefined, [who?.tenant_id]);
  if (!who) return null;
  return html`
    <${Head} title="Your account" />
    <div class="columns">
      <section class="panel"><h2>You</h2><${Facts} facts=${[
        ["Signed in as", KINDS[who.kind]],
        ["Id", html`<code>${who.id}</code>`],
        ["Organisation", tenant.data?.name],
        ["Role", who.role ?? undefined],
        ["Scopes", who.scopes ? html`<span class="names">${who.scopes.map((scope) => html`<code key=${scope}>${scope}</code>`)}</span>` : undefined],
        ["Token expires", isPerson.value ? undefined : exactly(who.expires_at)],
      ]} /></section>
      ${isPerson.value && html`<section class="panel"><h2>Password</h2><${Password} /></section>`}
    </div>
    ${who.role === "member" && who.tenant_id && html`<${Offered} tenant=${who.tenant_id} />`}`;
}

/** What a member sees of the storage. @param {{tenant: string}} props */
function Offered({ tenant }) {
  const list = useList("/v1/tenants/{tenant}/regions", { path: { tenant } });
  return html`<h2>Regions</h2><${Table} caption="Regions" list=${list} id=${(row) => row.region} empty="No region is offered yet." columns=${[
    { head: "Region", kind: "main", cell: (row) => html`${row.name} <code class="muted">${row.region}</code>` },
    { head: "Endpoint", cell: (row) => html`<code>${row.s3_endpoint}</code>` },
    { head: "Status", cell: (row) => html`<${Badge} kind=${row.status === "ACTIVE" ? "good" : "off"}>${row.status}</${Badge}>` },
  ]} />`;
}

function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useSend(() => request("put", "/v1/me/password", { body: { current_password: current, new_password: next } }).then(() => true));
  const submit = async () => {
    if (!(await change.submit())) return;
    setCurrent("");
    setNext("");
    say("Your password has changed. Your other sessions have ended.");
  };
  return html`<${Form} send="Change password" isSending=${change.isSending} onSubmit=${submit}>
    <${ProblemNote} problem=${change.problem} shown=${["/current_password", "/new_password"]} />
    <${Field} label="Current password" type="password" value=${current} onInput=${setCurrent} autocomplete="current-password" error=${change.problem?.at("/current_password")} />
    <${Field} label="New password" type="password" value=${next} onInput=${setNext} autocomplete="new-password" minlength="10" maxlength="256" hint="At least ten characters." error=${change.problem?.at("/new_password")} />
  </${Form}>`;
}
