// Refusals, as the API words them (RFC 9457), and the one that is ours: no answer at all.

/** @typedef {{pointer: string, detail: string}} Violation */

export class Problem extends Error {
  /** @param {{code: string, title: string, detail: string, status?: number, requestId?: string, errors?: Violation[], wait?: number}} of */
  constructor({ code, title, detail, status = 0, requestId = "", errors = [], wait = 0 }) {
    super(title);
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.status = status;
    this.requestId = requestId;
    this.errors = errors;
    /** Until when it makes no sense to try again, in milliseconds since 1970; 0 if that is not known. */
    this.until = wait ? Date.now() + wait * 1000 : 0;
  }

  /** What is wrong with one field. @param {string} pointer */
  at(pointer) {
    return this.errors.filter((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`))
      .map((error) => error.detail).join(" ");
  }
}

export const unreachable = () => new Problem({
  code: "no-answer",
  title: "The server does not answer",
  detail: "Check your connection. What you typed is still here; sending it again does nothing twice.",
});

/** @param {Response} answer @returns {Promise<Problem>} */
export async function problemOf(answer) {
  const requestId = answer.headers.get("x-request-id") ?? "";
  const wait = Number(answer.headers.get("retry-after")) || 0;
  const said = await answer.json().catch(() => null);
  if (!said?.title) {
    return new Problem({
      code: `http-${answer.status}`, title: "An odd answer", status: answer.status, requestId, wait,
      detail: "What came back is not from Keyreeve. A proxy between here and the server may have answered.",
    });
  }
  const code = String(said.type).replace("/problems/", "");
  return new Problem({
    code, title: said.title, detail: said.detail, status: answer.status, errors: said.errors ?? [],
    requestId: said.request_id || requestId, wait,
  });
}

/** @param {unknown} error @returns {Problem} */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem({ code: "console", title: "The console made a mistake", detail: String(error) });
}
