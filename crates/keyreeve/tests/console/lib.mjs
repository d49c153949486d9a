// What the journeys have in common: a browser, people and storage to click through, and the checks that hold on every page.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strict as assert } from "node:assert";

const tools = createRequire(`${process.env.CONSOLE_TOOLS}/`);
const { chromium } = tools("playwright-core");
const axeSource = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");

export const URL_OF = process.env.CONSOLE_URL;
export const OPERATOR = process.env.CONSOLE_OPERATOR;
export const OUT = process.env.CONSOLE_OUT;
/** Machines are busy at times: what does not come in so long does not come. */
const PATIENCE = 45_000;
export const PASSWORD = "correct horse battery staple";
mkdirSync(OUT, { recursive: true });

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'";

/** Runs one journey; what goes wrong is shown with what the page showed. */
export async function journey(name, work) {
  const folder = mkdtempSync(join(tmpdir(), "console-"));
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium-headless-shell", args: FLAGS, env: { ...process.env, HOME: folder } });
  const people = [];
  const began = Date.now();
  try {
    await work({ browser, someone: async (options) => { const one = await Someone.come(browser, options); people.push(one); return one; } });
    for (const one of people) one.checkManners();
    console.log(`${name}: done in ${Date.now() - began} ms`);
  } catch (error) {
    console.error(`${name}: ${error.stack ?? error}`);
    for (const [at, one] of people.entries()) {
      const file = join(OUT, `failed-${name}-${at}.png`);
      const text = await one.page.evaluate(() => document.body.innerText).catch(() => "(no page)");
      await one.page.screenshot({ path: file }).catch(() => undefined);
      console.error(`--- page ${at}, ${one.page.url()}, see ${file}\n${text}\n--- its console\n${one.said.join("\n")}`);
    }
    process.exitCode = 1;
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A person at a browser of their own. */
export class Someone {
  static async come(browser, { theme = "light", width = 1280, height = 900, base = URL_OF } = {}) {
    const context = await browser.newContext({ baseURL: base, colorScheme: theme, viewport: { width, height }, acceptDownloads: true, reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC" });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    return new Someone(context, await context.newPage(), base);
  }

  constructor(context, page, base) {
    Object.assign(this, { context, page, base, said: [], complaints: [], strangers: [], expected: [] });
    page.setDefaultTimeout(PATIENCE);
    page.on("console", (message) => {
      this.said.push(`${message.type()}: ${message.text()}`);
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    this.pending = new Set();
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => this.pending.delete(request));
    page.on("request", (request) => { if (request.url().includes("/v1/")) this.pending.add(request); });
    context.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== new URL(base).origin && !["blob:", "data:"].includes(protocol)) this.strangers.push(request.url());
    });
    // What CSP refuses is an event as well as a line in the console.
    context.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`CSP refused ${event.violatedDirective} ${event.blockedURI}`)));
  }

  /** No request to a foreign host, nothing that CSP refused, no error in a script. */
  checkManners() {
    assert.deepEqual(this.strangers, [], "requests to foreign hosts");
    assert.deepEqual(this.complaints.filter((text) => !this.expected.some((words) => text.includes(words))), [], "complaints in the browser's console");
  }

  async go(path) {
    const answer = await this.page.goto(path);
    if (answer && path.startsWith("/console")) assert.equal(answer.headers()["content-security-policy"], CSP);
    return this;
  }

  async signIn(email, password = PASSWORD) {
    await this.go("/console");
    await this.fill("E-mail address", email);
    await this.fill("Password", password);
    await this.press("Sign in");
    await this.page.locator(".side").waitFor();
    return this;
  }

  async signInWithToken(token) {
    await this.go("/console");
    await this.page.getByRole("radio", { name: "API token" }).check();
    await this.fill("API token", token);
    await this.press("Sign in");
    await this.page.locator(".side").waitFor();
    return this;
  }

  /** What is uppermost: a dialog, or the page. */
  get top() { return this.page.locator("dialog[open]").last().or(this.page.locator("body:not(:has(dialog[open]))")).last(); }
  field(label) { return this.top.getByLabel(label).and(this.page.locator("input:not([type=radio]), select")).first(); }
  async fill(label, text) { await this.field(label).fill(text); }
  async press(name, within = this.top) { await within.getByRole("button", { name, exact: true }).first().click(); }
  async follow(name) { await this.page.getByRole("link", { name, exact: true }).first().click(); }
  async menu(name) { await this.page.locator("#menu").getByRole("link", { name, exact: true }).click(); await this.heading(); }
  async heading(name) { await this.page.getByRole("heading", { level: 1, ...(name ? { name } : {}) }).waitFor(); }
  async sees(text, within = this.page) { await within.getByText(text).first().waitFor(); }
  async seesNot(text) { assert.equal(await this.page.getByText(text).count(), 0, `"${text}" is shown`); }
  row(text) { return this.page.locator("tbody tr").filter({ hasText: text }); }
  card(name) { return this.page.getByRole("article", { name }); }
  clipboard() { return this.page.evaluate(() => navigator.clipboard.readText()); }

  /** Everything that was asked for is there. */
  async settled() {
    await until("the page to settle", async () => {
      if (this.pending.size > 0 || await this.page.locator(".skeleton").count() > 0) return false;
      await pause(60);
      return this.pending.size === 0 && await this.page.locator(".skeleton").count() === 0;
    });
  }

  /** Reads the secret off the dialog, as its owner would. */
  async readSecret() {
    const shown = this.page.locator("[data-secret]");
    assert.match(await shown.textContent(), /^•+$/, "a secret is covered at first");
    await this.press("Show it");
    const secret = await shown.textContent();
    assert.doesNotMatch(secret, /•/);
    return secret;
  }

  async hideSecret() {
    await this.top.getByLabel("I have stored it").check();
    await this.top.getByRole("button", { name: /^Hide (secret|link)$/ }).click();
    await this.page.locator("dialog[open] [data-secret]").waitFor({ state: "detached" });
  }

  /** Nowhere in the page: its markup, its fields, its storage. */
  async isNowhere(secret) {
    const found = await this.page.evaluate(async (half) => {
      const [first, last] = half;
      const has = (text) => typeof text === "string" && text.includes(first + last);
      const fields = [...document.querySelectorAll("input, textarea, select")].some((one) => has(one.value));
      const stored = [localStorage, sessionStorage].some((store) => store.length > 0);
      const databases = await indexedDB.databases();
      const caches = await globalThis.caches.keys();
      return { markup: has(document.documentElement.outerHTML), fields, stored, databases: databases.length, caches: caches.length, cookie: document.cookie };
    }, [secret.slice(0, 20), secret.slice(20)]);
    assert.deepEqual(found, { markup: false, fields: false, stored: false, databases: 0, caches: 0, cookie: "" });
  }

  /** Whether a text is anywhere in the memory of the page's scripts, after everything unreachable was thrown away. */
  async isInMemory(text) {
    const session = await this.context.newCDPSession(this.page);
    const parts = [];
    session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => parts.push(chunk));
    await session.send("HeapProfiler.enable");
    for (let turn = 0; turn < 3; turn++) await session.send("HeapProfiler.collectGarbage");
    await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
    await session.detach();
    return parts.join("").includes(text);
  }

  /** Not in the memory of the page. The browser itself may hold what was copied or shown for some moments more. */
  async isForgotten(secret) { await until("the page to forget a secret", async () => !await this.isInMemory(secret)); }

  /** Fails with what axe finds wrong on the page as it is; `only` are the names of rules. */
  async axe(where, only) {
    // The protocol may evaluate what CSP would not let a page load.
    if (!await this.page.evaluate(() => "axe" in globalThis)) await this.page.evaluate(axeSource);
    const options = { resultTypes: ["violations"], ...(only ? { runOnly: { type: "rule", values: only } } : {}) };
    const { violations } = await this.page.evaluate((options) => globalThis.axe.run(document, options), options);
    const told = violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.slice(0, 4).map((node) => `    ${node.target.join(" ")}\n    ${node.failureSummary?.replaceAll("\n", "\n    ")}`).join("\n")}`);
    assert.deepEqual(told, [], `axe at ${where}\n${told.join("\n")}`);
  }

  async shot(file) { await this.page.screenshot({ path: join(OUT, file), animations: "disabled" }); }

  /** The file that pressing something downloads. */
  async downloaded(name) {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.press(name)]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
  }
}

/** The REST API, as a program uses it. */
export class Api {
  constructor(token = OPERATOR, base = URL_OF) { Object.assign(this, { token, base }); }

  async send(method, path, body, headers = {}) {
    const answer = await fetch(this.base + path, {
      method, headers: { ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}), ...(body ? { "Content-Type": "application/json" } : {}), ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : undefined };
  }

  async ask(method, path, body) {
    const answer = await this.send(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
  get(path) { return this.ask("GET", path); }
  post(path, body) { return this.ask("POST", path, body); }
  put(path, body) { return this.ask("PUT", path, body); }
  patch(path, body) { return this.ask("PATCH", path, body); }
  delete(path) { return this.ask("DELETE", path); }

  region(code, name, key_model) { return this.post("/v1/regions", { code, name, s3_endpoint: `https://s3.${code}.example.org`, key_model }); }

  /** A tenant with somebody of every role, who can all sign in. */
  async tenant(name, regions = []) {
    const { id } = await this.post("/v1/tenants", { name });
    const people = {};
    for (const [role, person] of [["admin", "Ada Lovelace"], ["member+", "Grace Hopper"], ["member", "Alan Turing"]]) {
      const email = `${role.replace("+", "plus")}@${name.toLowerCase().replace(/\W+/g, "-")}.example.org`;
      people[role] = { email, ...(await this.post(`/v1/tenants/${id}/users`, { email, name: person, role, password: PASSWORD })) };
    }
    for (const region of regions) await this.put(`/v1/tenants/${id}/regions/${region}`, { service: "available" });
    return { id, admin: people.admin, plus: people["member+"], member: people.member, path: (rest) => `/v1/tenants/${id}${rest}` };
  }
}

export const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export async function until(what, found) {
  const end = Date.now() + PATIENCE;
  do {
    const got = await found();
    if (got) return got;
    await pause(100);
  } while (Date.now() < end);
  assert.fail(`waited too long for ${what}`);
}
/** Has whoever started us do something, and waits until it is done. */
export function told(word) {
  return new Promise((resolve, reject) => {
    process.stdin.once("data", resolve);
    process.stdin.once("end", () => reject(new Error("whoever started this has gone")));
    process.stdin.unref?.();
    process.stdout.write(`${word}\n`);
  });
}
export { assert, writeFileSync, join };
