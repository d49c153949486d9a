// The browser's own dialog: it keeps the focus, and gives it back.
import { html, useEffect, useId, useRef } from "../vendor/preact.js";
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
  useEffect(() => {
    const dialog = /** @type {HTMLDialogElement} */ (element.current);
    const opener = document.activeElement;
    dialog.showModal();
    layers.value = [...layers.value, layer.current];
    return () => {
      layers.value = layers.value.filter((open) => open !== layer.current);
      dialog.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
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
