// The browser's own dialog: it keeps the focus, and gives it back.
import { html, useId, useLayoutEffect, useRef } from "../vendor/preact.js";
import { Icon } from "./icon.js";
import { Toasts, layers } from "./toasts.js";

/**
 * A locked one stays until it says itself that it is done.
 * @param {{title: string, onClose: () => void, isLocked?: boolean, kind?: "" | "wide" | "drawer", children?: any}} props
 */
export function Dialog({ title, onClose, isLocked = false, kind = "", children }) {
  const id = useId();
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const layer = useRef(Symbol(title));
  // Before anything is painted: what is typed right after a key or a click is typed here.
  useLayoutEffect(() => {
    const dialog = /** @type {HTMLDialogElement} */ (element.current);
    const opener = document.activeElement;
    dialog.showModal();
    layers.value = [...layers.value, layer.current];
    return () => {
      layers.value = layers.value.filter((open) => open !== layer.current);
      const focused = document.activeElement;
      const isElsewhere = focused && focused !== document.body && !dialog.contains(focused);
      dialog.close();
      // Whoever has gone on by now is not called back.
      const next = isElsewhere ? focused : opener;
      if (next instanceof HTMLElement && next.isConnected) next.focus();
    };
  }, []);
  const onKeyDown = (event) => {
    // A second Escape would close a dialog whatever `cancel` is told.
    if (event.key === "Escape" && isLocked) event.preventDefault();
    event.stopPropagation();
  };
  const onCancel = (event) => {
    event.preventDefault();
    if (!isLocked) onClose();
  };
  return html`
    <dialog ref=${element} class=${kind} aria-labelledby=${id} onKeyDown=${onKeyDown} onCancel=${onCancel}>
      <header>
        <h2 id=${id}>${title}</h2>
        ${!isLocked && html`<button type="button" class="icon quiet" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button>`}
      </header>
      <div class="dialog-body">${children}</div>
      <${Toasts} layer=${layer.current} />
    </dialog>`;
}
