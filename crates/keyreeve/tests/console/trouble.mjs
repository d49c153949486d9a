// When things go wrong: the server stops, the session ends, somebody was faster, too many requests, a forged request.
// Each is said humanely, and nothing that was typed is lost.
import { createServer } from "node:http";
import { Api, PASSWORD, URL_OF, assert, journey, told, until } from "./lib.mjs";

await journey("trouble", async ({ someone }) => {
  const api = new Api();
  await api.region("waw3-1", "Warsaw 3", "multi");
  const acme = await api.tenant("Acme", ["waw3-1"]);
  const { key } = await api.post(acme.path("/keys"), { region: "waw3-1", label: "Production API" });
  const ada = await someone();

  // Wrong password: said, and the address stays.
  await ada.go("/console");
  await ada.fill("E-mail address", acme.admin.email);
  await ada.fill("Password", "wrong");
  await ada.press("Sign in");
  await ada.sees("Wrong e-mail address or password");
  await ada.axe("a wrong password");
  await ada.fill("Password", PASSWORD);
  await ada.press("Sign in");
  await ada.heading("Keys");

  // The cookies: read by no script, sent to no other site, over nothing but HTTPS (or localhost), to this host alone.
  const cookies = await ada.context.cookies();
  assert.deepEqual(cookies.map(({ name }) => name).sort(), ["__Host-keyreeve", "__Host-keyreeve-refresh"]);
  for (const cookie of cookies) {
    assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path, cookie.domain, cookie.expires], [true, true, "Strict", "/", "localhost", -1], cookie.name);
  }

  // 412: somebody changed it in the meantime.
  await ada.follow("Production API");
  await ada.press("Change");
  await ada.fill("Label", "Mine");
  await api.patch(acme.path(`/keys/${key.id}`), { label: "Theirs" });
  await ada.press("Save");
  await ada.sees("Somebody has changed this in the meantime");
  await ada.axe("changed in the meantime");
  assert.equal(await ada.field("Label").inputValue(), "Mine");
  await ada.press("Read it again");
  await ada.sees("Label “Theirs”");
  assert.equal(await ada.field("Label").inputValue(), "Mine");
  await ada.press("Save");
  await ada.heading("Mine");

  // 409: it is revoked already.
  await api.post(acme.path(`/keys/${key.id}/revoke`));
  await ada.press("Disable");
  await ada.page.getByRole("alert").filter({ hasText: /in the meantime|revoked/ }).waitFor();
  const ids = await ada.page.getByRole("alert").locator(".ids").textContent();
  assert.match(ids, /(not-as-expected|key-revoked)\s*·\s*req_\w+/);
  await ada.page.getByRole("button", { name: "Copy code and request id" }).click();
  assert.match(await ada.clipboard(), /^(not-as-expected|key-revoked) req_\w+$/);
  await ada.press("Read it again");
  await ada.sees("revoked");

  // The session runs out while a form is filled in: signing in again goes on where it was.
  await ada.follow("Keys");
  await ada.press("Create key");
  await ada.fill("Label", "Typed before it ended");
  await ada.context.clearCookies();
  await ada.press("Create key");
  const again = ada.page.getByRole("dialog", { name: "Your session has ended" });
  await again.waitFor();
  await ada.axe("a session that ended");
  await ada.page.keyboard.press("Escape");
  assert.ok(await again.isVisible());
  await ada.fill("E-mail address", acme.admin.email);
  await ada.fill("Password", PASSWORD);
  await ada.press("Sign in");
  await ada.sees("Key “Typed before it ended”");
  await ada.hideSecret();

  // An access token that has run out is renewed behind the scenes; two tabs at once do not end the session.
  const second = await ada.context.newPage();
  await second.goto("/console/keys");
  await second.getByRole("heading", { name: "Keys", level: 1 }).waitFor();
  const stale = (await ada.context.cookies()).filter(({ name }) => name === "__Host-keyreeve-refresh");
  await ada.context.clearCookies({ name: "__Host-keyreeve" });
  await Promise.all([ada.menu("Members"), second.locator("#menu").getByRole("link", { name: "Audit" }).click()]);
  await ada.row("Grace Hopper").waitFor();
  await second.locator("tbody tr").first().waitFor();
  assert.equal(await ada.page.getByRole("dialog").count() + await second.getByRole("dialog").count(), 0);
  // Even the refresh token of a moment ago ends nothing: it just buys nothing.
  const fresh = await ada.context.cookies();
  const refresh = (cookie) => fetch(`${URL_OF}/console/session/refresh`, { method: "POST", headers: { Cookie: cookie, Origin: URL_OF, "X-Keyreeve-Console": "1" } });
  const bought = await refresh(`${stale[0].name}=${stale[0].value}`);
  assert.equal(bought.status, 204);
  assert.deepEqual(bought.headers.getSetCookie(), []);
  assert.ok(fresh.some((cookie) => cookie.name === "__Host-keyreeve-refresh" && cookie.value !== stale[0].value));
  await ada.menu("Audit");
  await ada.page.locator("tbody tr").first().waitFor();
  await second.close();

  // A forged request from another site is refused, cookie or not; so is one of ours without the header.
  const cookie = fresh.map(({ name, value }) => `${name}=${value}`).join("; ");
  const forged = (headers) => fetch(`${URL_OF}${acme.path("/keys")}`, { method: "POST", body: JSON.stringify({ region: "waw3-1", label: "Forged" }), headers: { Cookie: cookie, "Content-Type": "application/json", ...headers } });
  for (const headers of [{}, { Origin: URL_OF }, { "X-Keyreeve-Console": "1" }, { Origin: "https://evil.example.org", "X-Keyreeve-Console": "1" }, { Origin: URL_OF, "X-Keyreeve-Console": "1", "Sec-Fetch-Site": "cross-site" }]) {
    const answer = await forged(headers);
    assert.equal(answer.status, 403, JSON.stringify(headers));
    assert.match((await answer.json()).type, /cross-site/);
  }
  assert.equal((await api.get(acme.path("/keys?label=Forged"))).items.length, 0);
  const evil = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end(`<form method="post" action="${URL_OF}${acme.path(`/keys/${key.id}/revoke`)}" enctype="text/plain"><button>Win a prize</button></form>`);
  });
  await new Promise((resolve) => evil.listen(0, "127.0.0.1", resolve));
  const visit = await ada.context.newPage();
  const sent = visit.waitForResponse((answer) => answer.url().includes("/revoke"));
  await visit.goto(`http://127.0.0.1:${evil.address().port}/`);
  ada.strangers.length = 0;
  await visit.getByRole("button").click();
  assert.ok([401, 403].includes((await sent).status()));
  await visit.close();
  ada.strangers.length = 0;
  evil.close();

  // 429 with a countdown, on the server that allows one request a second.
  const slow = await someone({ base: process.env.CONSOLE_SLOW_URL });
  await slow.signIn(acme.admin.email);
  const flood = await slow.page.evaluate(async () => {
    const statuses = await Promise.all(Array.from({ length: 60 }, () => fetch("/v1/me").then((answer) => answer.status)));
    return statuses.includes(429);
  });
  assert.ok(flood, "the server told nobody to wait");
  // However long the click takes, there is nothing left when it asks; but for once a second, when it may be the one that is let in.
  await slow.page.evaluate(() => { window.flood = setInterval(() => fetch("/v1/me"), 50); });
  const wait = slow.page.getByText("Too many requests");
  await until("the page to be told to wait", async () => {
    for (const name of ["Account", "Members"]) await slow.page.locator("#menu").getByRole("link", { name }).click();
    await wait.or(slow.row("Ada Lovelace")).first().waitFor();
    return await wait.count() > 0;
  });
  await slow.sees(/You can try again in \d+ seconds?/);
  await slow.page.evaluate(() => clearInterval(window.flood));
  await slow.axe("too many requests");
  const retry = slow.page.locator("button:enabled").filter({ hasText: "Try again" });
  await until("the server to answer again", async () => {
    if (await slow.row("Ada Lovelace").count() > 0) return true;
    if (await retry.count() > 0) await retry.click();
    return false;
  });

  // The server stops in mid-use. What was typed stays; when it is back, sending it once more makes one key.
  await ada.menu("Keys");
  await ada.press("Create key");
  await ada.fill("Label", "Typed while it was away");
  await told("STOP");
  await ada.press("Create key");
  await ada.sees("The server does not answer");
  await ada.axe("no answer");
  assert.equal(await ada.field("Label").inputValue(), "Typed while it was away");
  await told("START");
  await ada.press("Create key");
  await ada.sees("Key “Typed while it was away”");
  await ada.hideSecret();
  await ada.row("Typed while it was away").waitFor();
  assert.equal((await api.get(acme.path("/keys?label=Typed while it was away"))).items.length, 1);

  // An answer that got lost: sent again under the same name, the one secret arrives after all.
  await ada.press("Create key");
  await ada.fill("Label", "Answered into the void");
  await ada.page.route("**/keys", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    await route.fetch();
    await route.abort("connectionreset");
  }, { times: 1 });
  await ada.press("Create key");
  await ada.sees("The server does not answer");
  await ada.press("Create key");
  await ada.sees("Key “Answered into the void”");
  assert.match(await ada.readSecret(), /^[A-Za-z0-9+/]{40}$/);
  await ada.hideSecret();
  assert.equal((await api.get(acme.path("/keys?label=Answered into the void"))).items.length, 1);
});
