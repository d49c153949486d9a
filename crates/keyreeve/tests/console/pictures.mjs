// The pictures in the README, and what a page costs: its weight on the wire, and how long until something is seen.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Api, OUT, assert, journey, join, until, writeFileSync } from "./lib.mjs";
import { furnish } from "./world.mjs";

const MOST = 150 * 1024;
const IMAGES = fileURLToPath(new URL("../../../../docs/images", import.meta.url));

await journey("pictures", async ({ someone }) => {
  const { acme } = await furnish(new Api());

  // All assets weigh less than 60 KB on the wire, with nothing in the cache.
  const total = await weight(await someone());
  console.log(`all assets: ${total} bytes on the wire`);
  assert.ok(total > 20_000 && total < 60 * 1024, `all assets weigh ${total} bytes on the wire`);

  // Everything that is seen first comes from the page and two files: no chain of requests before it.
  const ada = await someone();
  await ada.signIn(acme.admin.email);
  await ada.go("/console/keys");
  const paint = await until("the first paint", () => ada.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
  console.log(`first contentful paint after ${Math.round(paint)} ms`);
  const files = await ada.page.evaluate(() => performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/console/assets/")).map((entry) => entry.name.split("/").at(-1)));
  assert.ok(files.length <= 4, `a page needs ${files.join(", ")}`);

  for (const theme of ["light", "dark"]) {
    const one = await someone({ theme, width: 1200, height: 760 });
    await one.signIn(acme.admin.email);
    await picture(one, `keys-${theme}`, "/console/keys");
    if (theme === "dark") continue;
    await one.press("Create key", one.page.locator(".head"));
    await one.fill("Label", "Photo archive");
    await one.press("Create key");
    await one.page.locator("[data-secret]").waitFor();
    await picture(one, "secret");
    await one.hideSecret();
    await picture(one, "audit", "/console/audit");
    await picture(one, "members", "/console/members");
  }
  const small = await someone({ theme: "dark", width: 360, height: 760 });
  await small.signIn(acme.admin.email);
  await picture(small, "phone", "/console/keys");
});

/** Written beside the documentation only when asked to: the same screens never look the same twice. */
async function picture(one, name, place) {
  if (place) await one.go(place);
  await one.settled();
  const file = `console-${name}.png`;
  await one.shot(file);
  const bytes = readFileSync(join(OUT, file));
  assert.ok(bytes.length < MOST, `${file} has ${bytes.length} bytes`);
  if (process.env.KEYREEVE_UPDATE) writeFileSync(join(IMAGES, file), bytes);
}

/** What the console's files weigh on the wire, headers included. */
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
