// The console: the frame around all screens, and which screen is where.
import { html, render, signal, useEffect, useState } from "./vendor/preact.js";
import { request } from "./lib/api.js";
import { asProblem } from "./lib/problem.js";
import { go, match, place } from "./lib/router.js";
import { can, me, recognise, signOut } from "./lib/session.js";
import { Icon } from "./parts/icon.js";
import { Nothing, ProblemNote } from "./parts/problem.js";
import { Revealed } from "./parts/reveal.js";
import { Shortcuts, listen } from "./parts/shortcuts.js";
import { Skeleton } from "./parts/table.js";
import { Toasts } from "./parts/toasts.js";
import { Account } from "./screens/account.js";
import { Audit } from "./screens/audit.js";
import { Buckets } from "./screens/buckets.js";
import { GatewayScreen, Gateways } from "./screens/gateways.js";
import { InstanceScreen, Instances } from "./screens/instances.js";
import { KeyModels } from "./screens/key-models.js";
import { KeyScreen } from "./screens/key.js";
import { Keys } from "./screens/keys.js";
import { Claim, Invitation, SetUp } from "./screens/links.js";
import { Members } from "./screens/members.js";
import { PartnerScreen } from "./screens/partner.js";
import { Partners } from "./screens/partners.js";
import { Quarantine } from "./screens/quarantine.js";
import { Regions } from "./screens/regions.js";
import { SignIn, SignInAgain } from "./screens/sign-in.js";
import { TenantRegions } from "./screens/tenant-regions.js";
import { TenantScreen, Tenants } from "./screens/tenants.js";
import { Tokens } from "./screens/tokens.js";

/** Screens of a tenant: below `/console` for its own people, below `/console/tenants/…` for those who run it. */
const OF_TENANT = /** @type {Record<string, (found: any) => any>} */ ({
  "/keys": ({ tenant }) => html`<${Keys} key=${tenant} tenant=${tenant} />`,
  "/keys/:key": ({ tenant, key }) => html`<${KeyScreen} key=${key} tenant=${tenant} id=${key} />`,
  "/instances": ({ tenant }) => html`<${Instances} tenant=${tenant} />`,
  "/instances/:instance": ({ tenant, instance }) => html`<${InstanceScreen} key=${instance} tenant=${tenant} id=${instance} />`,
  "/buckets": ({ tenant }) => html`<${Buckets} tenant=${tenant} />`,
  "/members": ({ tenant }) => html`<${Members} tenant=${tenant} />`,
  "/tokens": ({ tenant }) => html`<${Tokens} place="/v1/tenants/{tenant}/tokens" path=${{ tenant }} />`,
  "/regions": ({ tenant }) => html`<${TenantRegions} tenant=${tenant} />`,
  "/audit": ({ tenant }) => html`<${Audit} source="/v1/tenants/{tenant}/audit" path=${{ tenant }} />`,
});
const OF_ALL = /** @type {Record<string, (found: any) => any>} */ ({
  "/console/account": () => html`<${Account} />`,
  "/console/tenants": () => html`<${Tenants} />`,
  "/console/tenants/:tenant": ({ tenant }) => html`<${TenantScreen} key=${tenant} tenant=${tenant} />`,
  "/console/partners": () => html`<${Partners} />`,
  "/console/partners/:partner": ({ partner }) => html`<${PartnerScreen} key=${partner} partner=${partner} />`,
  "/console/partners/:partner/tenants": ({ partner }) => html`<${Tenants} key=${partner} partner=${partner} />`,
  "/console/partners/:partner/tokens": ({ partner }) => html`<${Tokens} place="/v1/partners/{partner}/tokens" path=${{ partner }} />`,
  "/console/partners/:partner/audit": ({ partner }) => html`<${Audit} source="/v1/partners/{partner}/audit" path=${{ partner }} />`,
  "/console/regions": () => html`<${Regions} />`,
  "/console/key-models": () => html`<${KeyModels} />`,
  "/console/gateways": () => html`<${Gateways} />`,
  "/console/gateways/:gateway": ({ gateway }) => html`<${GatewayScreen} key=${gateway} gateway=${gateway} />`,
  "/console/gateways/:gateway/tokens": ({ gateway }) => html`<${Tokens} key=${gateway} place="/v1/gateways/{gateway}/tokens" path=${{ gateway }} />`,
  "/console/quarantine": () => html`<${Quarantine} />`,
  "/console/operators": () => html`<${Tokens} place="/v1/operator/tokens" title="Operator tokens" />`,
  "/console/audit": () => html`<${Audit} source="/v1/audit" />`,
});

/** @param {string} path */
function screenAt(path) {
  const own = me.value?.tenant_id;
  for (const [pattern, screen] of Object.entries(OF_TENANT)) {
    const below = match(`/console/tenants/:tenant${pattern}`, path);
    if (below) return screen(below);
    const found = own && match(`/console${pattern}`, path);
    if (found) return screen({ ...found, tenant: own });
  }
  for (const [pattern, screen] of Object.entries(OF_ALL)) {
    const found = match(pattern, path);
    if (found) return screen(found);
  }
  return html`<${Nothing} title="There is no such page" text="The address may be mistyped, or the page has moved." />`;
}

/** What stands in the menu: for people their tenant, for the others what they run. @returns {[string, string][]} */
function menu() {
  const who = me.value;
  const own = who?.tenant_id ? ofTenant("/console") : [];
  if (own.length || who?.tenant_id) return [...own, ["Account", "/console/account"]];
  return /** @type {[string, string][]} */ ([
    can("tenants") && ["Tenants", "/console/tenants"],
    can("partners") && ["Partners", "/console/partners"],
    ["Regions", "/console/regions"],
    ["Key models", "/console/key-models"],
    can("platform") && ["Gateways", "/console/gateways"],
    can("platform") && ["Quarantine", "/console/quarantine"],
    who?.partner_id && can("tokens") && ["API tokens", `/console/partners/${who.partner_id}/tokens`],
    who?.kind === "operator_token" && can("tokens") && ["Operator tokens", "/console/operators"],
    can("audit") && ["Audit", who?.partner_id ? `/console/partners/${who.partner_id}/audit` : "/console/audit"],
    ["Account", "/console/account"],
  ].filter(Boolean));
}

/** @param {string} base @returns {[string, string][]} */
function ofTenant(base) {
  return /** @type {[string, string][]} */ ([
    can("keys") && ["Keys", `${base}/keys`],
    can("keys") && ["Storage instances", `${base}/instances`],
    can("keys") && ["Buckets", `${base}/buckets`],
    can("members") && ["Members", `${base}/members`],
    can("tokens") && ["API tokens", `${base}/tokens`],
    can("regions") && ["Regions", `${base}/regions`],
    can("audit") && ["Audit", `${base}/audit`],
  ].filter(Boolean));
}

/** What has screens of its own below it: how its kind is called, how it is read, and its menu. */
const WITHIN = /** @type {Record<string, {title: string, read: (id: string) => Promise<{name: string}>, menu: (base: string) => any[]}>} */ ({
  tenants: { title: "Tenant", read: (tenant) => request("get", "/v1/tenants/{tenant}", { path: { tenant } }), menu: ofTenant },
  partners: {
    title: "Partner", read: (partner) => request("get", "/v1/partners/{partner}", { path: { partner } }),
    menu: (base) => [["Tenants", `${base}/tenants`], can("tokens") && ["API tokens", `${base}/tokens`], can("audit") && ["Audit", `${base}/audit`]],
  },
  gateways: { title: "Gateway", read: (gateway) => request("get", "/v1/gateways/{gateway}", { path: { gateway } }), menu: (base) => [["API tokens", `${base}/tokens`]] },
});

/** The second menu, of the one that is looked at. @param {{path: string}} props */
function Within({ path }) {
  const [, , kind, id] = path.split("/");
  const within = id && id !== me.value?.tenant_id ? WITHIN[kind] : undefined;
  const base = `/console/${kind}/${id}`;
  const [name, setName] = useState("");
  useEffect(() => {
    setName("");
    within?.read(id).then((one) => setName(one.name), () => undefined);
  }, [base]);
  if (!within) return null;
  const items = [["Overview", base], ...within.menu(base).filter(Boolean)];
  return html`<nav class="within" aria-label=${within.title}>
    <p class="within-name"><a href=${`/console/${kind}`}>${within.title}s</a> / <strong>${name || html`<code class="short">${id}</code>`}</strong></p>
    <${Items} items=${items} path=${path} /></nav>`;
}

/** @param {{items: string[][], path: string}} props */
const Items = ({ items, path }) => {
  // The longest that fits is where we are.
  const here = items.map(([, url]) => url).filter((url) => path === url || path.startsWith(`${url}/`)).sort((a, b) => b.length - a.length)[0];
  return html`<ul>${items.map(([name, url]) => html`<li key=${url}><a href=${url} aria-current=${url === here ? "page" : undefined}>${name}</a></li>`)}</ul>`;
};

const problem = signal(/** @type {import("./lib/problem.js").Problem | null} */ (null));

function Frame() {
  const { path } = place.value;
  const [isOpen, setOpen] = useState(false);
  const items = menu();
  useEffect(() => setOpen(false), [path]);
  useEffect(() => { if (path === "/console") go(items[0][1], { replace: true }); }, [path]);
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the content</a>
    <div class="frame">
      <header class="side">
        <div class="bar"><a class="brand" href="/console">Keyreeve</a>
          <button type="button" class="icon menu-button" aria-expanded=${isOpen} aria-controls="menu" aria-label="Menu" onClick=${() => setOpen(!isOpen)}><${Icon} name=${isOpen ? "close" : "menu"} /></button></div>
        <div id="menu" class=${isOpen ? "open" : ""}>
          <nav aria-label="Console"><${Items} items=${items} path=${path} /></nav>
          <ul class="side-foot"><li><a href="/docs/">API</a></li><li><button type="button" class="link" onClick=${signOut}><${Icon} name="out" />Sign out</button></li></ul>
        </div>
      </header>
      <main id="main" tabindex="-1"><${Within} path=${path} />${screenAt(path)}</main>
    </div>
    <${Shortcuts} items=${items} />`;
}

const LINKS = /** @type {Record<string, () => any>} */ ({ "/setup": () => html`<${SetUp} />`, "/invitation": () => html`<${Invitation} />`, "/claim": () => html`<${Claim} />` });

function App() {
  const link = LINKS[place.value.path];
  return html`
    ${link ? link() : me.value === undefined
      ? html`<main class="alone" id="main">${problem.value ? html`<${ProblemNote} problem=${problem.value} onRetry=${start} />` : html`<${Skeleton} />`}</main>`
      : me.value ? html`<${Frame} />` : html`<${SignIn} />`}
    <${Revealed} /><${SignInAgain} /><${Toasts} />`;
}

async function start() {
  problem.value = null;
  // A link for somebody new needs nobody to be signed in.
  if (LINKS[place.value.path]) return;
  try {
    await recognise();
  } catch (error) {
    problem.value = asProblem(error);
  }
}

listen();
start();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${App} />`, root);
