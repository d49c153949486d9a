// The pictures in the README, and what a page costs: its weight on the wire, and how long until something is seen.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Api, OUT, assert, journey, join, until, writeFileSync } from "./lib.mjs";
import { furnish } from "./world.mjs";

const MOST = 150 * 1024;
const IMAGES = fileURLToPath(new URL("../../../../docs/images", import.meta.url));

await journey("pictures", async ({ someone }) => {
  const { acme } = await furnish(new Api());

  // What a browser gets with nothing in its cache: a page and four files, less than 60 KB of them, in no chain of requests.
  const ada = await someone();
  await ada.signIn(acme.admin.email);
  await ada.settled();
  await ada.page.reload();
  const files = await until("all files to have come", () => ada.page.evaluate(() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].filter((entry) => new URL(entry.name).pathname.startsWith("/console"));
    return all.length >= 4 && all.map((entry) => [new URL(entry.name).pathname.split("/").at(-1), entry.encodedBodySize]);
  }));
  const total = files.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(`all assets: ${total} bytes on the wire: ${files.map((file) => file.join(" ")).join(", ")}`);
  assert.ok(files.length <= 5 && total > 20_000 && total < 60 * 1024, `all assets weigh ${total} bytes`);
  const paint = await until("the first paint", () => ada.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
  console.log(`first contentful paint after ${Math.round(paint)} ms`);

  for (const theme of ["light", "dark"]) {
    const one = await someone({ theme, width: 1200, height: 760 });
    await one.signIn(acme.admin.email);
    await picture(one, `keys-${theme}`, "/console/keys");
    if (theme === "dark") continue;
    await one.press("Create key", one.page.locator(".head"));
    await one.field("Region").selectOption("waw3-1");
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
