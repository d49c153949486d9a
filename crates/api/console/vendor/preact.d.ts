// Types of preact.js, from the packages it is made of.
export { Fragment, h, render } from "preact";
export type { ComponentChildren } from "preact";
export { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal } from "@preact/signals";
import type { VNode } from "preact";
export const html: (strings: TemplateStringsArray, ...values: any[]) => VNode<any>;
