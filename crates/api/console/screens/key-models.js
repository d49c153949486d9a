// Which kinds of product keys are: sets of switches.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { can } from "../lib/session.js";
import { lasting } from "../lib/time.js";
import { Confirm } from "../parts/confirm.js";
import { Dialog } from "../parts/dialog.js";
import { Check, Field, Form, Select } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Badge, Facts, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { Skeleton } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["KeyModel"]} KeyModel */

export function KeyModels() {
  const list = useList("/v1/key-models", { query: { limit: 500 } });
  const [base, setBase] = useState(/** @type {{of: KeyModel, isNew: boolean} | null} */ (null));
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  return html`
    <${Head} title="Key models" lead="Which kind of product keys are. A region has one; a tenant may have another there." />
    ${!list.items ? html`<${Skeleton} />` : html`<div class="cards wide">${list.items.map((model) => html`
      <article key=${model.name} class="card" aria-label=${model.name}>
        <header><h2><code>${model.name}</code></h2>${model.built_in && html`<${Badge}>built in</${Badge}>`}</header>
        <p>${model.title}</p>
        <${Facts} facts=${[
          ["Keys", `${model.max_keys ?? "Any number"} in each ${model.instances === "many" ? "storage instance" : "region"}`],
          ["Label", model.label], ["Description", model.description],
          ["Bucket scopes", model.bucket_scopes ? "yes" : "no"],
          ["Stopped by", [model.revoke !== "off" && "revoke", model.reset && "reset", model.delete === "allowed" && "delete", model.delete === "after_revoke" && "delete, after revoke"].filter(Boolean).join(", ")],
          ["Rotation", model.rotate_max_grace_seconds ? `both pairs for up to ${lasting(model.rotate_max_grace_seconds)}` : "none"],
          ["Lives", model.max_ttl_seconds ? `up to ${lasting(model.max_ttl_seconds)}` : "without end"],
          ["Reported after", model.rotate_after_days ? `${model.rotate_after_days} days` : "never"],
          ["Access key ID", html`<code>${model.id_prefix}…</code> ${model.id_length} characters`],
        ]} />
        ${can("platform") && html`<div class="card-foot"><button type="button" class="small" onClick=${() => setBase({ of: model, isNew: true })}>Make one like it</button>
          ${!model.built_in && html`<button type="button" class="small" onClick=${() => setBase({ of: model, isNew: false })}>Change</button><${Remove} of=${model} onDone=${list.reload} />`}</div>`}
      </article>`)}</div>`}
    ${base && html`<${Edit} of=${base.of} isNew=${base.isNew} onClose=${() => setBase(null)} onDone=${() => { setBase(null); list.reload(); }} />`}`;
}

/** @param {{of: KeyModel, onDone: () => void}} props */
function Remove({ of, onDone }) {
  const remove = useSend(() => request("delete", "/v1/key-models/{name}", { path: { name: of.name }, version: of.version }).then(() => true));
  return html`<${Confirm} kind="small" label=${`Delete ${of.name}`} isBusy=${remove.isSending} onConfirm=${async () => { if (await remove.submit()) onDone(); }}><${Icon} name="trash" /><span class="unseen">Delete</span></${Confirm}>
    <${ProblemNote} problem=${remove.problem} onReload=${onDone} />`;
}

const SWITCHES = /** @type {const} */ (["instances", "max_keys", "initial_key", "label", "description", "bucket_scopes", "revoke", "delete", "reset", "rotate_max_grace_seconds", "max_ttl_seconds", "rotate_after_days", "id_prefix", "id_length", "secret_length"]);

/** @param {{of: KeyModel, isNew: boolean, onClose: () => void, onDone: () => void}} props */
function Edit({ of, isNew, onClose, onDone }) {
  const [model, setModel] = useState(() => /** @type {any} */ (Object.fromEntries([["name", ""], ["title", isNew ? "" : of.title], ...SWITCHES.map((name) => [name, of[name]])])));
  const set = (name) => (value) => setModel({ ...model, [name]: value });
  const number = (name) => (text) => set(name)(text === "" ? null : Number(text));
  const { name, ...switches } = model;
  const save = useSend((once) => isNew
    ? request("post", "/v1/key-models", { once, body: model })
    : request("patch", "/v1/key-models/{name}", { path: { name: of.name }, version: of.version, body: switches }));
  const submit = async () => { if (await save.submit(model)) { say("Saved"); onDone(); } };
  const wrong = (pointer) => save.problem?.at(`/${pointer}`);
  const presence = /** @type {[string, string][]} */ ([["required", "Required"], ["optional", "Optional"]]);
  const numberField = (key, label, hint = "") => html`<${Field} label=${label} type="number" min="1" isOptional value=${model[key] === null ? "" : `${model[key]}`} onInput=${number(key)} hint=${hint} error=${wrong(key)} />`;
  return html`<${Dialog} title=${isNew ? `A model like ${of.name}` : `Change ${of.name}`} kind="wide" onClose=${onClose}>
    <${Form} send="Save" isSending=${save.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${save.problem} onReload=${onDone} shown=${["/name", "/title", ...SWITCHES.map((key) => `/${key}`)]} />
      <div class="grid">
        ${isNew && html`<${Field} label="Name" value=${name} onInput=${set("name")} maxlength="32" autofocus hint="Lower-case letters, digits and single hyphens" error=${wrong("name")} />`}
        <${Field} label="Title" value=${model.title} onInput=${set("title")} maxlength="200" error=${wrong("title")} />
        <${Select} label="Storage instances in a region" value=${model.instances} onInput=${set("instances")} options=${[["one", "One"], ["many", "Many"]]} error=${wrong("instances")} />
        ${numberField("max_keys", "Keys at most", "Any number if empty")}
        <${Select} label="Label" value=${model.label} onInput=${set("label")} options=${presence} error=${wrong("label")} />
        <${Select} label="Description" value=${model.description} onInput=${set("description")} options=${presence} error=${wrong("description")} />
        <${Select} label="Revoke" value=${model.revoke} onInput=${set("revoke")} options=${[["keeps_history", "Yes, and the key stays as history"], ["off", "No"]]} error=${wrong("revoke")} />
        <${Select} label="Delete" value=${model.delete} onInput=${set("delete")} options=${[["allowed", "Yes"], ["after_revoke", "After revoking"], ["forbidden", "No"]]} error=${wrong("delete")} />
        ${numberField("rotate_max_grace_seconds", "Both pairs work, in seconds", "No rotation if empty")}
        ${numberField("max_ttl_seconds", "Longest life, in seconds", "Without end if empty")}
        ${numberField("rotate_after_days", "Reported after, in days", "Never if empty")}
        <${Field} label="Access key IDs begin with" value=${model.id_prefix} onInput=${set("id_prefix")} maxlength="8" isOptional error=${wrong("id_prefix")} />
        ${numberField("id_length", "Length of access key IDs")}
        ${numberField("secret_length", "Length of secrets")}
      </div>
      <div class="several"><${Check} label="Reset" value=${model.reset} onInput=${set("reset")} /><${Check} label="Bucket scopes" value=${model.bucket_scopes} onInput=${set("bucket_scopes")} /><${Check} label="First key with the instance" value=${model.initial_key} onInput=${set("initial_key")} /></div>
      <p class="error">${wrong("reset")}</p>
    </${Form}>
  </${Dialog}>`;
}
