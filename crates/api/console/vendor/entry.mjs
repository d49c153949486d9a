// What the console uses of its three libraries; `build` makes preact.js from it.
export { Fragment, h, render } from "preact";
export { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal } from "@preact/signals";
import { h } from "preact";
import htm from "htm";

// htm keeps what it takes for unchanging and hands it out again. Such a node remembers the page it was last part of, and
// with that a secret that stood there: so nothing is unchanging (`3` says so).
export const html = htm.bind(function (type, props, ...children) {
  this[0] = 3;
  return h(type, props, ...children);
});
