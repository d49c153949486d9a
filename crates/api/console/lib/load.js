// Reading from the API in components: what there is, what went wrong, and once more.
import { useEffect, useRef, useState } from "../vendor/preact.js";
import { request } from "./api.js";
import { asProblem } from "./problem.js";

/**
 * Runs again when one of the values changes. What was there before stays until the next is there.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} read
 * @param {unknown[]} values
 */
export function useLoad(read, values) {
  const [state, setState] = useState(/** @type {{data?: T, problem?: import("./problem.js").Problem, isLoading: boolean}} */ ({ isLoading: true }));
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, isLoading: true }));
    read(stop.signal).then(
      (data) => stop.signal.aborted || setState({ data, isLoading: false }),
      (error) => stop.signal.aborted || setState((before) => ({ ...before, problem: asProblem(error), isLoading: false })),
    );
    return () => stop.abort();
  }, [...values, turn]);
  return {
    ...state,
    reload: () => setTurn((turn) => turn + 1),
    /** Shows what is known already to have come of a change. @param {T} data */
    set: (data) => setState({ data, isLoading: false }),
  };
}

/**
 * One list of the API, page by page.
 * @template {import("./types").ListPath} P
 * @param {P} path
 * @param {{path?: object, query?: Record<string, unknown>}} [options]
 * @param {(answer: any) => any} [pageIn] Where the page is, if the answer says more than that.
 */
export function useList(path, options = {}, pageIn = (answer) => answer) {
  const about = JSON.stringify([path, options]);
  const [more, setMore] = useState(/** @type {{about: string, items: import("./types").Item<P>[], cursor: string | null, isLoading?: boolean, problem?: any} | null} */ (null));
  const page = (cursor, signal) => /** @type {Promise<any>} */ (request("get", path, /** @type {any} */ ({
    path: options.path, query: { limit: 50, ...options.query, cursor }, signal,
  })));
  const first = useLoad(async (signal) => ({ about, answer: await page(undefined, signal) }), [about]);
  const whole = first.data?.about === about ? first.data.answer : undefined;
  const data = whole && pageIn(whole);
  const further = more?.about === about && data ? more : null;
  /** @type {import("./types").Item<P>[] | undefined} */
  const items = data && [...data.items, ...(further?.items ?? [])];
  const cursor = further ? further.cursor : data?.next_cursor;
  const next = async () => {
    const before = further?.items ?? [];
    setMore({ about, items: before, cursor, isLoading: true });
    try {
      const got = pageIn(await page(cursor));
      setMore({ about, items: [...before, ...got.items], cursor: got.next_cursor });
    } catch (error) {
      setMore({ about, items: before, cursor, problem: asProblem(error) });
    }
  };
  return {
    items, problem: first.problem ?? further?.problem, isLoading: first.isLoading || Boolean(further?.isLoading),
    next: cursor ? next : null,
    /** All that the first answer said. */
    whole,
    reload: () => { setMore(null); first.reload(); },
  };
}

/** Reads anew, each time a while after the last answer. @param {{isLoading: boolean, reload: () => void}} load @param {number} every */
export function useAgain({ isLoading, reload }, every) {
  useEffect(() => {
    if (isLoading) return;
    const timer = setTimeout(reload, every);
    return () => clearTimeout(timer);
  }, [isLoading]);
}

/**
 * Sending a form. The same words are sent under the same name until they have arrived: if the answer was lost, sending
 * again brings it, one-time secret included, and nothing is made twice.
 * @template T
 * @param {(once: string, words: any) => Promise<T>} send
 */
export function useSend(send) {
  const [state, setState] = useState(/** @type {{isSending: boolean, problem?: import("./problem.js").Problem}} */ ({ isSending: false }));
  const name = useRef({ words: "", once: "" });
  /** @param {unknown} [words] What the user decided. @returns {Promise<T | undefined>} */
  const submit = async (words) => {
    const text = JSON.stringify(words ?? null);
    if (name.current.words !== text || !name.current.once) name.current = { words: text, once: crypto.randomUUID() };
    setState({ isSending: true });
    try {
      const answer = await send(name.current.once, words);
      name.current = { words: "", once: "" };
      setState({ isSending: false });
      return answer;
    } catch (error) {
      const problem = asProblem(error);
      // Refused is decided; only what got no answer may have arrived.
      if (problem.status && problem.status < 500 && problem.status !== 429) name.current = { words: "", once: "" };
      setState({ isSending: false, problem });
      return undefined;
    }
  };
  return { ...state, submit, clear: () => setState({ isSending: false }) };
}
