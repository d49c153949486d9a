// Fields of forms: a label, a hint, and what is wrong with it right beside it.
import { html, useId } from "../vendor/preact.js";

/**
 * @param {{label: string, hint?: any, error?: string, value: string, onInput: (value: string) => void, type?: string,
 *   isOptional?: boolean, [attribute: string]: any}} props
 */
export function Field({ label, hint, error, value, onInput, type = "text", isOptional = false, class: kind = "", ...rest }) {
  const id = useId();
  return html`
    <div class=${`field ${kind}`}>
      <label for=${id}>${label}${isOptional && html` <span class="optional">optional</span>`}</label>
      <input id=${id} type=${type} value=${value} autocomplete="off" spellcheck=${false} ...${rest}
        required=${rest.required ?? !isOptional} aria-invalid=${error ? "true" : undefined} aria-describedby=${`${id}-hint ${id}-error`}
        onInput=${(event) => onInput(event.currentTarget.value)} />
      <p class="hint" id=${`${id}-hint`}>${hint}</p>
      <p class="error" id=${`${id}-error`}>${error}</p>
    </div>`;
}

/** @param {{label: string, hint?: any, error?: string, value: string, onInput: (value: string) => void, options: [string, string][], [attribute: string]: any}} props */
export function Select({ label, hint, error, value, onInput, options, class: kind = "", ...rest }) {
  const id = useId();
  return html`
    <div class=${`field ${kind}`}>
      <label for=${id}>${label}</label>
      <select id=${id} ...${rest} aria-invalid=${error ? "true" : undefined} aria-describedby=${`${id}-hint ${id}-error`}
        onInput=${(event) => onInput(event.currentTarget.value)}>
        ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
      </select>
      <p class="hint" id=${`${id}-hint`}>${hint}</p>
      <p class="error" id=${`${id}-error`}>${error}</p>
    </div>`;
}

/** One of several. @param {{label: string, error?: string, value: string, onInput: (value: string) => void, options: [string, string, string?][]}} props */
export function Choice({ label, error, value, onInput, options }) {
  const name = useId();
  return html`
    <fieldset class="field">
      <legend>${label}</legend>
      <div class="choices">
        ${options.map(([key, text, hint]) => html`
          <label key=${key} class="choice"><input type="radio" name=${name} checked=${key === value} onInput=${() => onInput(key)} />
            <span>${text}${hint && html`<small>${hint}</small>`}</span></label>`)}
      </div>
      <p class="error">${error}</p>
    </fieldset>`;
}

/** Any of several. @param {{label: string, hint?: any, error?: string, value: string[], onInput: (value: string[]) => void, options: [string, string][]}} props */
export function Several({ label, hint, error, value, onInput, options }) {
  const toggle = (key) => onInput(value.includes(key) ? value.filter((one) => one !== key) : [...value, key]);
  return html`
    <fieldset class="field">
      <legend>${label}</legend>
      ${hint && html`<p class="hint">${hint}</p>`}
      <div class="several">
        ${options.map(([key, text]) => html`
          <label key=${key} class="choice"><input type="checkbox" checked=${value.includes(key)} onInput=${() => toggle(key)} /><span>${text}</span></label>`)}
      </div>
      <p class="error">${error}</p>
    </fieldset>`;
}

/** Yes or no. @param {{label: string, value: boolean, onInput: (value: boolean) => void, hint?: string}} props */
export const Check = ({ label, value, onInput, hint }) => html`
  <label class="choice"><input type="checkbox" checked=${value} onInput=${() => onInput(!value)} /><span>${label}${hint && html`<small>${hint}</small>`}</span></label>`;

/**
 * A form that sends itself by its button or by Enter.
 * @param {{onSubmit: () => unknown, isSending?: boolean, send: string, danger?: boolean, onCancel?: () => void, isOff?: boolean, children?: any}} props
 */
export function Form({ onSubmit, isSending = false, send, danger = false, onCancel, isOff = false, children }) {
  const submit = (event) => {
    event.preventDefault();
    if (!isSending && !isOff) onSubmit();
  };
  return html`
    <form onSubmit=${submit} class="form">
      ${children}
      <div class="actions">
        ${onCancel && html`<button type="button" class="plain" onClick=${onCancel}>Cancel</button>`}
        <button type="submit" class=${danger ? "danger" : "primary"} aria-busy=${isSending} disabled=${isSending || isOff}>${send}</button>
      </div>
    </form>`;
}
