// The way to the public REST API. The session is in a cookie that no script can read.
import { fetched } from "./fetched.js";
import { problemOf } from "./problem.js";
import { recover } from "./session.js";

/** @typedef {import("./types").Method} Method */
/** @typedef {import("./types").Path} Path */

/**
 * Asks, and comes back with what was answered or throws a Problem. Where the session has run out it is refreshed, or its
 * owner asked to sign in again, and then the same request is sent once more: whoever called notices nothing.
 *
 * @template {Path} P
 * @template {Method} M
 * @param {M} method
 * @param {P} path
 * @param {import("./types").Options<P, M>} [options]
 * @returns {Promise<import("./types").Answer<P, M>>}
 */
export async function request(method, path, options = {}) {
  const send = () => fetched(method, address(path, options), options);
  let answer = await send();
  if (answer.status === 401 && await recover()) answer = await send();
  if (!answer.ok) throw await problemOf(answer);
  return answer.status === 204 ? /** @type {any} */ (undefined) : answer.json();
}

/** Where something is, for links as well. @param {string} path @param {{path?: object, query?: object}} options */
export function address(path, { path: named = {}, query = {} }) {
  const place = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(named[name]));
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return asked.length ? `${place}?${new URLSearchParams(asked.map(([name, value]) => [name, String(value)]))}` : place;
}
