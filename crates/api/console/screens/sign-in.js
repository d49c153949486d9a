// Coming in: with e-mail address and password, or with an API token. Also in a dialog, when the session has run out.
import { html, useState } from "../vendor/preact.js";
import { useSend } from "../lib/load.js";
import { lapsed, signIn, signOut } from "../lib/session.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form } from "../parts/fields.js";
import { ProblemNote, useWait } from "../parts/problem.js";

/** @param {{onDone?: () => void}} props */
function SignInForm({ onDone = () => undefined }) {
  const [way, setWay] = useState("password");
  return html`
    <div class="tabs two" role="radiogroup" aria-label="Sign in with">
      ${[["password", "Password"], ["token", "API token"]].map(([key, title]) => html`
        <label key=${key} class="tab"><input type="radio" name="way" checked=${key === way} onInput=${() => setWay(key)} /><span>${title}</span></label>`)}
    </div>
    ${way === "password" ? html`<${WithPassword} onDone=${onDone} />` : html`<${WithToken} onDone=${onDone} />`}`;
}

/** @param {{onDone: () => void}} props */
function WithPassword({ onDone }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [tenant, setTenant] = useState("");
  const send = useSend(() => signIn("", { email: email.trim(), password, tenant_id: tenant || undefined }).then(() => true));
  const wait = useWait(send.problem?.until ?? 0);
  const submit = async () => { if (await send.submit()) { setPassword(""); onDone(); } };
  const tenants = send.problem?.code === "several-accounts" ? send.problem.detail.match(/ten_\w+/g) ?? [] : [];
  return html`
    <${Form} send="Sign in" isSending=${send.isSending} isOff=${wait > 0} onSubmit=${submit}>
      <${ProblemNote} problem=${send.problem} shown=${["/email"]} />
      <${Field} label="E-mail address" type="email" value=${email} onInput=${setEmail} autocomplete="username" autofocus error=${send.problem?.at("/email")} />
      <${Field} label="Password" type="password" value=${password} onInput=${setPassword} autocomplete="current-password" />
      ${(tenants.length > 0 || tenant) && html`<${Field} label="Organisation" value=${tenant} onInput=${setTenant} hint=${tenants.length > 0 ? `One of ${tenants.join(", ")}` : ""} isOptional />`}
    </${Form}>`;
}

/** @param {{onDone: () => void}} props */
function WithToken({ onDone }) {
  const [token, setToken] = useState("");
  const send = useSend(() => signIn("/token", { token: token.trim() }).then(() => true));
  const submit = async () => { if (await send.submit()) { setToken(""); onDone(); } };
  return html`
    <${Form} send="Sign in" isSending=${send.isSending} onSubmit=${submit}>
      <${ProblemNote} problem=${send.problem} />
      <${Field} label="API token" type="password" value=${token} onInput=${setToken} autofocus autocomplete="off"
        hint="Of an operator, a partner or a tenant: it begins with kro_, krp_ or krt_. This page does not keep it." />
    </${Form}>`;
}

export const SignIn = () => html`
  <main class="alone" id="main"><p class="brand big">Keyreeve</p><h1 tabindex="-1">Sign in</h1><${SignInForm} /></main>`;

/** What was being done waits behind it, with everything that was typed. */
export function SignInAgain() {
  if (lapsed.value.length === 0) return null;
  return html`
    <${Dialog} title="Your session has ended" isLocked onClose=${() => undefined}>
      <p>Sign in again, and what you were doing goes on. Nothing you typed is lost.</p>
      <${SignInForm} />
      <p class="quiet-foot"><button type="button" class="link" onClick=${signOut}>Sign out instead</button></p>
    </${Dialog}>`;
}

/** With a fresh page, which knows nothing of what was here. */
export const toStart = () => location.replace("/console");
