// Every screen and dialog in both themes at three widths with real data: nothing for axe to find, nothing wider than its
// window. With KEYREEVE_UPDATE set it leaves a picture of each.
import { Api, OPERATOR, assert, journey } from "./lib.mjs";
import { furnish } from "./world.mjs";

const whose = process.env.CONSOLE_SCREENS;
const THEMES = ["light", "dark"];
/** What the second theme can change of what axe looks at: both have the same markup and the same sizes. */
const COLOURS = ["color-contrast", "link-in-text-block"];
const WIDTHS = [[360, 780], [1280, 900], [3840, 900]];

await journey(`screens-${whose}`, async ({ someone }) => {
  const { follow, acme, empty, partner, stopped, partnerToken, gateway, keys, single } = await furnish(new Api());
  const below = (tenant) => ["", "/keys", "/members", "/regions", "/audit"].map((rest) => `/console/tenants/${tenant}${rest}`);
  const customers = [
    { name: "nobody", come: (one) => one.go("/console"), places: ["/console", "/setup", "/invitation", "/claim"] },
    { name: "admin", come: (one) => one.signIn(acme.admin.email), places: ["/console/keys", `/console/keys/${keys[0].id}`, `/console/keys/${keys[1].id}`, `/console/keys/${keys[2].id}`, "/console/keys?label=nothing", "/console/instances", "/console/buckets", "/console/members", "/console/tokens", "/console/regions", "/console/audit", "/console/account", "/console/keys/key_00000000000000000000000000", "/console/nowhere",
      // What is pressed there, one after the other.
      ["/console/keys", "Create key"], [`/console/keys/${keys[0].id}`, "Change"], [`/console/keys/${keys[0].id}`, "Rotate"], [`/console/keys/${single.id}`, "Reset", "Reset key"], ["/console/tokens", "Create token"], ["/console/members", "Invite"], ["/console/audit", "session.started"]] },
    { name: "fresh", come: (one) => one.signIn(empty.admin.email), places: ["/console/keys"] },
    { name: "member", come: (one) => one.signIn(acme.member.email), places: ["/console/account", "/console/keys"] },
  ];
  const providers = [
    { name: "partner", come: (one) => one.signInWithToken(partnerToken), places: ["/console/tenants", "/console/partners", `/console/partners/${partner.id}/tokens`] },
    { name: "operator", come: (one) => one.signInWithToken(OPERATOR), places: ["/console/tenants", "/console/partners", `/console/partners/${partner.id}`, `/console/partners/${stopped.id}`, "/console/regions", "/console/key-models", "/console/gateways", `/console/gateways/${gateway.id}`, `/console/gateways/${gateway.id}/tokens`, "/console/quarantine", "/console/operators", "/console/audit", ...below(acme.id),
      ["/console/tenants", "Create tenant"], [`/console/partners/${partner.id}`, "Change guardrails", "Who would break them?"], [`/console/partners/${partner.id}`, "Emergency stop"], ["/console/key-models", "Make one like it"], ["/console/gateways", "Register gateway"]] },
  ];
  for (const visit of whose === "customers" ? customers : providers) {
    const one = await someone();
    await visit.come(one);
    for (const [at, [place, ...pressed]] of visit.places.map((one) => [one].flat()).entries()) {
      if (place.includes("gateways")) await follow();
      await one.page.emulateMedia({ colorScheme: THEMES[0] });
      await one.page.setViewportSize({ width: 1280, height: 900 });
      await one.go(place);
      await one.settled();
      for (const [times, name] of pressed.entries()) {
        await one.press(name, times ? one.top : one.page.locator("main"));
        await one.page.locator("dialog[open]").waitFor();
        await one.settled();
      }
      for (const [width, height] of WIDTHS) for (const theme of THEMES) {
        await one.page.emulateMedia({ colorScheme: theme });
        await one.page.setViewportSize({ width, height });
        const name = `${visit.name}-${at}${[place, ...pressed].join("-").toLowerCase().replaceAll(/(key|ten|ptr|gtw)_\w+/g, "$1").replaceAll(/[^a-z]+/g, "-")}-${theme}-${width}`;
        const over = await one.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (process.env.KEYREEVE_UPDATE) await one.shot(`${name}.png`);
        assert.ok(over <= 0, `${name} is ${over} pixels wider than its window`);
        await one.axe(name, theme === THEMES[0] ? undefined : COLOURS);
      }
    }
    one.checkManners();
    await one.context.close();
  }
});
