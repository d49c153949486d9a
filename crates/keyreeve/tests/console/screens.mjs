// Every screen in both themes at three widths with real data. Nothing for axe to find, nothing wider than its window; and
// the pictures in the README.
import { Api, OPERATOR, OUT, assert, journey, join, until, writeFileSync } from "./lib.mjs";
import { furnish } from "./world.mjs";

const WIDTHS = [[360, 780], [1280, 900], [2560, 1400]];

await journey("screens", async ({ someone }) => {
  const { acme, empty, partner, partnerToken, keys } = await furnish(new Api());
  const below = (tenant) => ["", "/keys", "/members", "/regions", "/audit"].map((rest) => `/console/tenants/${tenant}${rest}`);
  const visits = [
    { name: "nobody", come: (one) => one.go("/console"), places: ["/console", "/setup", "/invitation", "/claim"] },
    { name: "admin", come: (one) => one.signIn(acme.admin.email), places: ["/console/keys", `/console/keys/${keys[1].id}`, `/console/keys/${keys[2].id}`, "/console/keys?label=nothing", "/console/instances", "/console/buckets", "/console/members", "/console/tokens", "/console/regions", "/console/audit", "/console/account", "/console/keys/key_00000000000000000000000000", "/console/nowhere"] },
    { name: "fresh", come: (one) => one.signIn(empty.admin.email), places: ["/console/keys"] },
    { name: "member", come: (one) => one.signIn(acme.member.email), places: ["/console/account", "/console/keys"] },
    { name: "partner", come: (one) => one.signInWithToken(partnerToken), places: ["/console/tenants", "/console/partners", `/console/partners/${partner.id}/tokens`] },
    { name: "operator", come: (one) => one.signInWithToken(OPERATOR), places: ["/console/tenants", "/console/partners", `/console/partners/${partner.id}`, "/console/regions", "/console/key-models", "/console/operators", "/console/audit", ...below(acme.id)] },
  ];
  for (const theme of ["light", "dark"]) {
    for (const visit of visits) {
      const one = await someone({ theme });
      await visit.come(one);
      for (const place of visit.places) {
        await one.page.setViewportSize({ width: 1280, height: 900 });
        await one.go(place);
        await one.settled();
        for (const [width, height] of WIDTHS) {
          await one.page.setViewportSize({ width, height });
          const name = `${visit.name}${place.replaceAll(/[^a-z]+/g, "-")}-${theme}-${width}`;
          const over = await one.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          await one.shot(`${name}.png`);
          assert.ok(over <= 0, `${name} is ${over} pixels wider than its window`);
          // Colours and markup are the same at every width; what folds is looked at folded as well.
          if (width !== 2560) await one.axe(name);
        }
      }
      one.checkManners();
      await one.context.close();
    }
  }

  // First paint on loopback, with nothing in the cache and a session.
  const ada = await someone();
  await ada.signIn(acme.admin.email);
  const paint = await until("the first paint", () => ada.page.evaluate(() => performance.getEntriesByType("paint").find((entry) => entry.name === "first-contentful-paint")?.startTime));
  console.log(`first contentful paint after ${Math.round(paint)} ms`);
  const sizes = await ada.page.evaluate(() => [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
    .filter((entry) => /\/console(\/|$)/.test(new URL(entry.name).pathname)).map((entry) => [new URL(entry.name).pathname, entry.encodedBodySize]));
  const fresh = await someone();
  const total = await weight(fresh);
  console.log(`all assets: ${total} bytes compressed, in ${sizes.length} files`);
  assert.ok(total < 60 * 1024, `all assets weigh ${total} bytes compressed`);

  await pictures(someone, acme);
});

/** What the console's files weigh on the wire. */
async function weight(one) {
  const session = await one.context.newCDPSession(one.page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await one.go("/console");
  await one.heading("Sign in");
  await one.settled();
  return bytes;
}

/** For the README. */
async function pictures(someone, acme) {
  for (const theme of ["light", "dark"]) {
    const one = await someone({ theme, width: 1200, height: 760 });
    await one.signIn(acme.admin.email);
    await one.go("/console/keys");
    await one.settled();
    await one.shot(`readme-keys-${theme}.png`);
    if (theme === "dark") continue;
    await one.press("Create key", one.page.locator(".head"));
    await one.fill("Label", "Photo archive");
    await one.press("Create key");
    await one.page.locator("[data-secret]").waitFor();
    await one.shot("readme-secret.png");
    await one.hideSecret();
    await one.go("/console/audit");
    await one.settled();
    await one.shot("readme-audit.png");
    await one.go("/console/members");
    await one.settled();
    await one.shot("readme-members.png");
  }
  const small = await someone({ theme: "dark", width: 360, height: 760 });
  await small.signIn(acme.admin.email);
  await small.settled();
  await small.shot("readme-phone.png");
  writeFileSync(join(OUT, "done"), "");
}
