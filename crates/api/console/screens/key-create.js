// A new key, asked for as its key model wants it.
import { html, useMemo, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { DAY, HOUR, exactly, lasting, toLocal } from "../lib/time.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form, Select, Several } from "../parts/fields.js";
import { ProblemNote } from "../parts/problem.js";
import { revealKey } from "../parts/reveal.js";
import { BucketPicker } from "./bucket-picker.js";

/** @typedef {import("../lib/tenant.js").Offer} Offer */

export const PERMISSIONS = /** @type {[string, string][]} */ ([["read", "Read"], ["write", "Write"], ["list", "List"], ["delete", "Delete"]]);
const EVERYTHING = PERMISSIONS.map(([name]) => name);

/** @param {{tenant: string, offers: Offer[], instance?: string, onClose: () => void, onDone: () => void}} props */
export function CreateKey({ tenant, offers, instance: given, onClose, onDone }) {
  const [region, setRegion] = useState(offers[0].region);
  const offer = offers.find((one) => one.region === region) ?? offers[0];
  const { model } = offer;
  const instances = useList("/v1/tenants/{tenant}/instances", { path: { tenant }, query: { region, limit: 500 } });
  const [chosen, setInstance] = useState(given ?? "");
  const instance = chosen || (instances.items?.[0]?.id ?? "");
  const [label, setLabel] = useState("");
  const [description, setDescription] = useState("");
  const [access, setAccess] = useState("all");
  const [buckets, setBuckets] = useState(/** @type {string[]} */ ([]));
  const [permissions, setPermissions] = useState(EVERYTHING);
  const [expiry, setExpiry] = useState(() => presets(model)[0][0]);
  const [moment, setMoment] = useState(() => toLocal(Date.now() + 30 * DAY));
  // Once for each choice: sent again, the request says the same.
  const expiresAt = useMemo(() => sendable(expiry, moment), [expiry, moment]);

  const words = { region, instance: model.instances === "many" ? instance : "", label, description, access, buckets, permissions, expiry, moment };
  const create = useSend((once) => request("post", "/v1/tenants/{tenant}/keys", {
    path: { tenant }, once,
    body: /** @type {any} */ ({
      ...(model.instances === "many" ? { instance } : { region }),
      label: label.trim() || undefined,
      description: description.trim() || undefined,
      buckets: model.bucket_scopes && access === "specific" ? { access, names: buckets } : undefined,
      permissions: permissions.length === EVERYTHING.length ? undefined : permissions,
      expires_at: expiresAt,
    }),
  }));
  const submit = async () => {
    const answer = await create.submit(words);
    if (!answer) return;
    onDone();
    revealKey(answer, { title: answer.key.label ? `Key “${answer.key.label}”` : "Your new key" });
  };
  const { problem } = create;
  const needsInstance = model.instances === "many" && !given;
  const asksDescription = model.description === "required" || model.label !== "required";
  return html`
    <${Dialog} title="Create key" onClose=${onClose}>
      <${Form} send="Create key" isSending=${create.isSending} onSubmit=${submit} onCancel=${onClose} isOff=${needsInstance && !instance}>
        <${ProblemNote} problem=${problem} shown=${["/label", "/description", "/buckets", "/permissions", "/expires_at"]} />
        ${offers.length > 1 && !given && html`<${Select} label="Region" value=${region} onInput=${(code) => { setRegion(code); setInstance(""); }} options=${offers.map((one) => [one.region, `${one.name} (${one.region})`])} />`}
        ${needsInstance && html`<${Select} label="Storage instance" value=${instance} onInput=${setInstance} options=${(instances.items ?? []).map((one) => [one.id, one.name])}
          hint=${instances.items?.length === 0 ? "There is none in this region yet: make one first, and its first key comes with it." : ""} />`}
        ${model.label === "required" && html`<${Field} label="Label" value=${label} onInput=${setLabel} maxlength="200" autofocus hint="What will use it? You will find it by this name." error=${problem?.at("/label")} />`}
        ${asksDescription && html`<${Field} label="Description" value=${description} onInput=${setDescription} maxlength="200" isOptional=${model.description !== "required"} error=${problem?.at("/description")} />`}
        ${model.bucket_scopes && html`<${BucketPicker} tenant=${tenant} access=${access} onAccess=${setAccess} names=${buckets} onNames=${setBuckets} error=${problem?.at("/buckets")} />`}
        <${Several} label="Permissions" value=${permissions} onInput=${setPermissions} options=${PERMISSIONS} error=${problem?.at("/permissions")} />
        <${ExpiryChoice} model=${model} expiry=${expiry} onExpiry=${setExpiry} moment=${moment} onMoment=${setMoment} error=${problem?.at("/expires_at")} />
      </${Form}>
    </${Dialog}>`;
}

/** What the model lets a key live for. @param {import("../lib/tenant.js").KeyModel} model @returns {[string, string][]} */
export function presets(model) {
  const most = model.max_ttl_seconds ? model.max_ttl_seconds * 1000 : Infinity;
  const bounded = /** @type {[number, string][]} */ ([[DAY, "1 day"], [7 * DAY, "7 days"], [30 * DAY, "30 days"], [90 * DAY, "90 days"], [365 * DAY, "1 year"]]).filter(([span]) => span <= most);
  const first = /** @type {[string, string][]} */ (most === Infinity ? [["never", "Never"]] : [[`${most}`, `${lasting(most / 1000)} (the longest)`]]);
  return [...first, ...bounded.filter(([span]) => span !== most).map(([span, text]) => /** @type {[string, string]} */ ([`${span}`, text])), ["at", "On a day of your choice"]];
}

/** @param {{model: import("../lib/tenant.js").KeyModel, expiry: string, onExpiry: (v: string) => void, moment: string, onMoment: (v: string) => void, error?: string}} props */
export function ExpiryChoice({ model, expiry, onExpiry, moment, onMoment, error }) {
  const options = useMemo(() => presets(model), [model]);
  const span = Number(expiry);
  return html`
    <${Select} label="Expires" value=${expiry} onInput=${onExpiry} options=${options} error=${expiry === "at" ? "" : error}
      hint=${span > HOUR ? `That is ${exactly(Date.now() + span)}.` : ""} />
    ${expiry === "at" && html`<${Field} label="Day and time" type="datetime-local" value=${moment} onInput=${onMoment} error=${error} hint="In your own time zone." />`}`;
}

/** @param {string} expiry @param {string} moment */
export function sendable(expiry, moment) {
  if (expiry === "never") return undefined;
  if (expiry === "at") return moment ? new Date(moment).toISOString() : undefined;
  // A little less than the longest, since the request takes its time.
  return new Date(Date.now() + Number(expiry) - 5000).toISOString();
}

