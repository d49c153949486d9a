// What people open from a link: first-run set-up, an invitation, a claimed key. What the link carries stands behind the
// `#`, where no server sees it before a button is pressed, and is taken out of the address at once.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useSend } from "../lib/load.js";
import { me, signIn } from "../lib/session.js";
import { exactly } from "../lib/time.js";
import { Field, Form } from "../parts/fields.js";
import { ProblemNote } from "../parts/problem.js";
import { reveal } from "../parts/reveal.js";
import { toStart } from "./sign-in.js";

const carried = location.hash.slice(1);
if (["/setup", "/invitation", "/claim"].includes(location.pathname)) history.replaceState(null, "", location.pathname);

const Alone = ({ title, children }) => html`<main class="alone" id="main"><p class="brand big">Keyreeve</p><h1 tabindex="-1">${title}</h1>${children}</main>`;
const Incomplete = () => html`<div class="note bad" role="alert"><p class="note-title">This link is incomplete</p><p>The part behind the # is missing. Open the whole link again, or ask for a new one.</p></div>`;

export function SetUp() {
  const [isDone, setDone] = useState(false);
  const open = useSend((once) => request("post", "/v1/setup", { body: { link: carried }, once }));
  const submit = async () => {
    const made = await open.submit();
    if (!made) return;
    const { token, expires_at } = made;
    reveal({
      title: "Your operator token", name: "Operator token",
      warning: "This is the only time the token is shown. It opens everything: keep it where you keep passwords.",
      remark: `It works until ${exactly(expires_at)}. Make others, with narrower scopes, when they are needed.`,
    }, token);
    // Signed in at once: the token goes into a cookie's proof, and this page forgets it.
    await signIn("/token", { token }).catch(() => undefined);
    setDone(true);
  };
  return html`<${Alone} title="Set up Keyreeve">
    ${!carried && !isDone ? html`<${Incomplete} />` : isDone ? html`<p>The first operator is in place.</p><p><button type="button" class="primary" onClick=${toStart}>${me.value ? "Go to the console" : "Sign in"}</button></p>` : html`
      <p>Nobody can come in yet. This makes the first operator token. It is shown once: have a place ready to keep it.</p>
      <${ProblemNote} problem=${open.problem} />
      <${Form} send="Make the operator token" isSending=${open.isSending} onSubmit=${submit} />`}
  </${Alone}>`;
}

export function Invitation() {
  const [password, setPassword] = useState("");
  const join = useSend(() => signIn("/invitation", { invitation: carried, password }).then(() => true));
  const submit = async () => { if (await join.submit()) { setPassword(""); toStart(); } };
  return html`<${Alone} title="You are invited">
    ${!carried ? html`<${Incomplete} />` : html`
      <${ProblemNote} problem=${join.problem} shown=${["/password"]} />
      <${Form} send="Join" isSending=${join.isSending} onSubmit=${submit}>
        <${Field} label="Choose a password" type="password" value=${password} onInput=${setPassword} autocomplete="new-password" minlength="10" maxlength="256" autofocus
          hint="At least ten characters. A few unrelated words make a good one." error=${join.problem?.at("/password")} />
      </${Form}>`}
  </${Alone}>`;
}

export function Claim() {
  const [isDone, setDone] = useState(false);
  const open = useSend(() => request("post", "/v1/claims/{claim}", { path: { claim: carried } }));
  const submit = async () => {
    const claimed = await open.submit();
    if (!claimed) return;
    const { access_key_id, secret_access_key: secret, s3_endpoint: endpoint, region, label, warning } = claimed;
    reveal({ title: label ? `Key “${label}”` : "Your key", name: "Secret access key", warning, pair: { access_key_id, endpoint, region, label: label ?? "" } }, secret);
    setDone(true);
  };
  return html`<${Alone} title="A key for you">
    ${isDone ? html`<p>The link has been opened. It opens nothing any more.</p>` : !carried ? html`<${Incomplete} />` : html`
      <p>Behind this link is the secret of an S3 key. It opens once: have a place ready to keep it.</p>
      <${ProblemNote} problem=${open.problem} />
      <${Form} send="Show the key" isSending=${open.isSending} onSubmit=${submit} />`}
  </${Alone}>`;
}
