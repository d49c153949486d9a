// People of a tenant, and what each role may.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { can, me } from "../lib/session.js";
import { Confirm } from "../parts/confirm.js";
import { Dialog } from "../parts/dialog.js";
import { Choice, Field, Form } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Ago, Head, Status } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { reveal } from "../parts/reveal.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["User"]} User */
/** @typedef {import("../lib/types").Schemas["UserRole"]} Role */

const ROLES = /** @type {[Role, string, string][]} */ ([
  ["admin", "Admin", "People, tokens, keys and audit"],
  ["member+", "Member+", "Keys, and nothing of other people"],
  ["member", "Member", "Sees the account; has no keys page"],
]);
const MATRIX = /** @type {[string, Role[]][]} */ ([
  ["See the account and its regions", ["admin", "member+", "member"]],
  ["Make, rotate, reset and revoke keys", ["admin", "member+"]],
  ["Register buckets", ["admin", "member+"]],
  ["Storage instances, claim links, import", ["admin"]],
  ["Invite people and change roles", ["admin"]],
  ["API tokens", ["admin"]],
  ["Switch regions on and off", ["admin"]],
  ["Read the audit", ["admin"]],
]);

/** @param {{tenant: string}} props */
export function Members({ tenant }) {
  const list = useList("/v1/tenants/{tenant}/users", { path: { tenant } });
  const [isAdding, setAdding] = useState(false);
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  const admins = list.items?.filter((user) => user.role === "admin" && user.status === "active").length ?? 0;
  return html`
    <${Head} title="Members" lead="People with an account here. A role counts from the next click on.">
      ${can("members:write") && html`<button type="button" class="primary" data-key="n" onClick=${() => setAdding(true)}><${Icon} name="plus" />Invite</button>`}
    </${Head}>
    <${Table} caption="Members" list=${list} id=${(user) => user.id} rowClass=${(user) => user.status === "suspended" ? "faint" : ""} columns=${[
      { head: "Name", kind: "main", cell: (user) => html`${user.name}${user.id === me.value?.id && html` <span class="muted">(you)</span>`}` },
      { head: "E-mail", kind: "long", cell: (user) => user.email },
      { head: "Role", cell: (user) => html`<${RolePicker} tenant=${tenant} of=${user} isLastAdmin=${user.role === "admin" && user.status === "active" && admins < 2 && !list.next} onChange=${list.reload} />` },
      { head: "Status", cell: (user) => html`<${Status} is=${user.status} />` },
      { head: "Since", cell: (user) => html`<${Ago} at=${user.created_at} />` },
      { head: "", kind: "end", cell: (user) => html`<${Actions} tenant=${tenant} of=${user} onChange=${list.reload} />` },
    ]} />
    <section class="panel"><h2>What each role may</h2>
      <table class="matrix"><caption class="unseen">Roles</caption>
        <thead><tr><th scope="col">May</th>${ROLES.map(([role, name]) => html`<th key=${role} scope="col">${name}</th>`)}</tr></thead>
        <tbody>${MATRIX.map(([what, roles]) => html`<tr key=${what}><th scope="row">${what}</th>${ROLES.map(([role]) => html`<td key=${role}>${roles.includes(role) ? html`<span class="yes" role="img" aria-label="yes"><${Icon} name="check" /></span>` : html`<span class="no" role="img" aria-label="no">–</span>`}</td>`)}</tr>`)}</tbody>
      </table>
    </section>
    ${isAdding && html`<${Invite} tenant=${tenant} onClose=${() => setAdding(false)} onDone=${() => { setAdding(false); list.reload(); }} />`}`;
}

/** Why somebody's role or standing is not to be changed here; empty if it is. @param {User} user @param {boolean} isLastAdmin */
const hindrance = (user, isLastAdmin) => !can("members:write") ? "Only admins change roles"
  : user.id === me.value?.id ? "Nobody changes their own role: another admin can"
  : isLastAdmin ? "The last admin stays one: make somebody else an admin first" : "";

/** @param {{tenant: string, of: User, isLastAdmin: boolean, onChange: () => void}} props */
function RolePicker({ tenant, of, isLastAdmin, onChange }) {
  const why = hindrance(of, isLastAdmin);
  const change = useSend(() => request("patch", "/v1/tenants/{tenant}/users/{user}", { path: { tenant, user: of.id }, version: of.version, body: { role: wanted.role } }));
  const [wanted] = useState({ role: of.role });
  const pick = async (event) => {
    wanted.role = event.currentTarget.value;
    const answer = await change.submit();
    if (answer) { say(`${of.name} is now ${answer.role}`); onChange(); } else event.target.value = of.role;
  };
  return html`<span class="stack"><select class="inline" aria-label=${`Role of ${of.name}`} disabled=${Boolean(why) || change.isSending} title=${why || undefined} onChange=${pick}>
    ${ROLES.map(([role, name]) => html`<option key=${role} value=${role} selected=${role === of.role}>${name}</option>`)}</select>
    ${why && html`<small class="why">${why}</small>`}<${ProblemNote} problem=${change.problem} onReload=${onChange} /></span>`;
}

/** @param {{tenant: string, of: User, onChange: () => void}} props */
function Actions({ tenant, of, onChange }) {
  const path = { tenant, user: of.id };
  const suspend = useSend(() => request("patch", "/v1/tenants/{tenant}/users/{user}", { path, version: of.version, body: { suspended: of.status !== "suspended" } }));
  const remove = useSend(() => request("delete", "/v1/tenants/{tenant}/users/{user}", { path, version: of.version }).then(() => true));
  const invite = useSend((once) => request("post", "/v1/tenants/{tenant}/users/{user}/invite", { path, once }));
  if (!can("members:write") || of.id === me.value?.id) return null;
  const done = (answer, what) => { if (answer) { say(what); onChange(); } };
  const again = async () => {
    const answer = await invite.submit();
    if (answer?.invitation) showInvitation(of.name, answer.invitation);
  };
  return html`<span class="row end">
    ${of.status === "invited" && html`<button type="button" class="small" disabled=${invite.isSending} onClick=${again}>New link</button>`}
    ${of.status !== "invited" && html`<button type="button" class="small" disabled=${suspend.isSending} aria-label=${`${of.status === "suspended" ? "Resume" : "Suspend"} ${of.name}`} onClick=${async () => done(await suspend.submit(), of.status === "suspended" ? `${of.name} is back` : `${of.name} is suspended`)}>${of.status === "suspended" ? "Resume" : "Suspend"}</button>`}
    <${Confirm} kind="small" label=${`Remove ${of.name}`} isBusy=${remove.isSending} onConfirm=${async () => done(await remove.submit(), `${of.name} is removed`)}>Remove</${Confirm}></span>
    <${ProblemNote} problem=${suspend.problem ?? remove.problem ?? invite.problem} onReload=${onChange} />`;
}

/** @param {string} name @param {import("../lib/types").Schemas["Invitation"]} invitation */
export function showInvitation(name, invitation) {
  reveal({ title: `Invitation for ${name}`, name: "Link", isLink: true, warning: `Send this link to ${name}. It works once, for seven days, and is shown only now.` }, invitation.url);
}

/** @param {{tenant: string, onClose: () => void, onDone: () => void}} props */
function Invite({ tenant, onClose, onDone }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState(/** @type {string} */ ("member+"));
  const words = { name: name.trim(), email: email.trim(), role: /** @type {Role} */ (role) };
  const add = useSend((once) => request("post", "/v1/tenants/{tenant}/users", { path: { tenant }, once, body: words }));
  const submit = async () => {
    const answer = await add.submit(words);
    if (!answer) return;
    onDone();
    if (answer.invitation) showInvitation(answer.name, answer.invitation);
  };
  const { problem } = add;
  const taken = problem?.code === "email-taken" ? problem.detail : "";
  return html`<${Dialog} title="Invite somebody" onClose=${onClose}>
    <${Form} send="Make the invitation" isSending=${add.isSending} onSubmit=${submit} onCancel=${onClose}>
      ${!taken && html`<${ProblemNote} problem=${problem} shown=${["/name", "/email", "/role"]} />`}
      <${Field} label="Name" value=${name} onInput=${setName} maxlength="200" autofocus error=${problem?.at("/name")} />
      <${Field} label="E-mail address" type="email" value=${email} onInput=${setEmail} error=${taken || problem?.at("/email")} />
      <${Choice} label="Role" value=${role} onInput=${setRole} options=${ROLES} />
    </${Form}>
  </${Dialog}>`;
}
