// One request, and all of its answer.
import { unreachable } from "./problem.js";

/**
 * One request as the console sends them all. @param {string} method @param {string} url
 * @param {{body?: unknown, version?: number, once?: string, signal?: AbortSignal}} [options]
 */
export async function fetched(method, url, { body, version, once, signal } = {}) {
  const headers = new Headers({ Accept: "application/json" });
  if (method !== "get") headers.set("X-Keyreeve-Console", "1");
  if (body !== undefined) headers.set("Content-Type", "application/json");
  if (version !== undefined) headers.set("If-Match", `"${version}"`);
  if (once) headers.set("Idempotency-Key", once);
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await fetch(url, { method: method.toUpperCase(), headers, body: text, signal, cache: "no-store" });
    // Read to its end even if nobody looks: an answer that is not read keeps its connection.
    const bytes = await answer.arrayBuffer();
    return new Response(bytes.byteLength ? bytes : null, { status: answer.status, headers: answer.headers });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable();
  }
}
