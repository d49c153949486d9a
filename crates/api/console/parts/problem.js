// A refusal as people read it: what happened, what to do, and what to name when asking for help.
import { html, useEffect, useState } from "../vendor/preact.js";
import { Copy } from "./copy.js";

/** @param {{problem?: import("../lib/problem.js").Problem, onRetry?: () => void, onReload?: () => void, shown?: string[]}} props */
export function ProblemNote({ problem, onRetry, onReload, shown = [] }) {
  const wait = useWait(problem?.until ?? 0);
  if (!problem) return null;
  // What stands beside its field is not said twice.
  const rest = problem.errors.filter((error) => !shown.some((pointer) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`)));
  const isStale = problem.status === 412;
  return html`
    <div class="note bad" role="alert">
      <p class="note-title">${isStale ? "Somebody has changed this in the meantime" : problem.title}</p>
      <p>${isStale ? "Nothing was overwritten, and what you typed is still here. Read what it says now, then decide again." : problem.detail}</p>
      ${rest.length > 0 && html`<ul>${rest.map((error) => html`<li>${error.pointer && html`<code>${error.pointer}</code>${" "}`}${error.detail}</li>`)}</ul>`}
      ${wait > 0 && html`<p class="wait">You can try again in ${wait} second${wait === 1 ? "" : "s"}.</p>`}
      <p class="note-foot">
        <span class="ids"><code>${problem.code}</code>
          ${problem.requestId && html`${" · "}<code>${problem.requestId}</code> <${Copy} text=${`${problem.code} ${problem.requestId}`} label="Copy code and request id" quiet />`}
        </span>
        ${isStale && onReload && html`<button type="button" class="small" onClick=${onReload}>Read it again</button>`}
        ${!isStale && onRetry && html`<button type="button" class="small" disabled=${wait > 0} onClick=${onRetry}>Try again</button>`}
      </p>
    </div>`;
}

/** Seconds left until then. @param {number} until */
export function useWait(until) {
  const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [wait, setWait] = useState(left());
  useEffect(() => {
    setWait(left());
    const timer = until > Date.now() ? setInterval(() => setWait(left()), 250) : 0;
    return () => clearInterval(timer);
  }, [until]);
  return wait;
}

/** Instead of a screen. @param {{problem: import("../lib/problem.js").Problem, onRetry: () => void}} props */
export function ProblemPage({ problem, onRetry }) {
  if (problem.status === 403) return html`<${Nothing} title="This is not yours to see" problem=${problem}
    text="Your role does not include this page. An admin of your organisation can change that, or do it for you." />`;
  if (problem.status === 404) return html`<${Nothing} title="There is nothing here" problem=${problem}
    text="It was removed, or it never was, or you may not see it." />`;
  return html`<h1 tabindex="-1">This page did not load</h1><${ProblemNote} problem=${problem} onRetry=${onRetry} />`;
}

/** @param {{title: string, text: string, problem?: import("../lib/problem.js").Problem}} props */
export function Nothing({ title, text, problem }) {
  return html`
    <div class="nothing">
      <h1 tabindex="-1">${title}</h1>
      <p>${text}</p>
      <p><a class="button" href="/console">Go to the start</a></p>
      ${problem && html`<p class="ids"><code>${problem.status} ${problem.code}</code>${problem.requestId && html`${" · "}<code>${problem.requestId}</code> <${Copy} text=${`${problem.code} ${problem.requestId}`} label="Copy code and request id" quiet />`}</p>`}
    </div>`;
}
