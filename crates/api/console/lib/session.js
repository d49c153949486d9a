// Who is signed in, and what they may. What counts is decided by the server; this only spares people dead ends.
import { computed, signal } from "../vendor/preact.js";
import { fetched } from "./fetched.js";
import { Problem, problemOf } from "./problem.js";

/** @typedef {import("./types").Schemas["Me"]} Me */

/** Undefined until it is known, null when nobody is signed in. */
export const me = signal(/** @type {Me | null | undefined} */ (undefined));
/** Those who are waiting for somebody to sign in again. */
export const lapsed = signal(/** @type {((back: boolean) => void)[]} */ ([]));

export const isPerson = computed(() => me.value?.kind === "user");

const PEOPLE = {
  keys: ["admin", "member+"],
  "keys:write": ["admin", "member+"],
  "keys:manage": ["admin"],
  members: ["admin"],
  tokens: ["admin"],
  audit: ["admin"],
  regions: ["admin"],
  usage: ["admin", "member+"],
};
const SCOPES = {
  keys: "keys:read",
  "keys:write": "keys:write",
  "keys:manage": "keys:write",
  members: "tenants:read",
  "members:write": "users:write",
  tokens: "tokens:write",
  audit: "audit:read",
  regions: "tenants:write",
  tenants: "tenants:read",
  "tenants:write": "tenants:write",
  partners: "tenants:read",
  "partners:write": "partners:write",
  platform: "platform:write",
  usage: "usage:read",
};

/** Whether it makes sense to offer this. @param {keyof typeof SCOPES} what */
export function can(what) {
  const who = me.value;
  if (!who) return false;
  if (who.kind === "user") return (PEOPLE[what] ?? (what === "members:write" ? ["admin"] : [])).includes(who.role ?? "");
  if (who.kind === "tenant_token" && ["regions", "tenants", "tenants:write", "partners", "partners:write", "platform"].includes(what)) return false;
  return (who.scopes ?? []).includes(/** @type {any} */ (SCOPES[what]));
}

/** Asks the server who is here. */
export async function recognise() {
  let answer = await fetched("get", "/v1/me");
  if (answer.status === 401 && await refreshed()) answer = await fetched("get", "/v1/me");
  if (answer.status === 401) return void (me.value = null);
  if (!answer.ok) throw await problemOf(answer);
  me.value = await answer.json();
}

/**
 * Signs in with a password, a token or an invitation. @param {"" | "/token" | "/invitation"} way @param {object} body
 */
export async function signIn(way, body) {
  const answer = await fetched("post", `/console/session${way}`, { body });
  if (!answer.ok) throw await problemOf(answer);
  const check = await fetched("get", "/v1/me");
  if (check.status === 401) {
    throw new Problem({
      code: "no-cookie", title: "Your browser did not keep the session",
      detail: "It keeps it only over HTTPS, or on localhost. Open the console there.",
    });
  }
  if (!check.ok) throw await problemOf(check);
  const now = await check.json();
  const before = me.value;
  me.value = now;
  // Somebody else in the same browser gets none of what the one before was doing.
  if (before && before.id !== now.id) location.replace("/console");
  for (const wake of lapsed.value) wake(true);
  lapsed.value = [];
}

export async function signOut() {
  if (isPerson.value) await fetched("delete", "/v1/sessions/current").catch(() => null);
  await fetched("delete", "/console/session").catch(() => null);
  // Everything in memory goes with the page.
  location.replace("/console");
}

/** After a 401: true if it makes sense to ask again. */
export async function recover() {
  if (!me.value) return false;
  if (await refreshed()) return true;
  return new Promise((resolve) => { lapsed.value = [...lapsed.value, resolve]; });
}

let lastRefresh = 0;

/** One tab at a time refreshes; the others find that it has been done. */
async function refreshed() {
  const began = Date.now();
  return locked(async () => {
    if (lastRefresh > began) return true;
    if ((await fetched("get", "/v1/me")).ok) return true;
    const answer = await fetched("post", "/console/session/refresh");
    if (!answer.ok) return false;
    if (!(await fetched("get", "/v1/me")).ok) {
      // Another browser process got the cookies a moment ago, and ours is about to see them.
      await new Promise((resolve) => setTimeout(resolve, 500));
      if (!(await fetched("get", "/v1/me")).ok) return false;
    }
    lastRefresh = Date.now();
    return true;
  });
}

/** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
function locked(work) {
  // Without a secure context there are no locks, and no session either.
  return navigator.locks ? /** @type {any} */ (navigator.locks.request("keyreeve-refresh", work)) : work();
}
