export type Child = Node | string | number | null | undefined | false | readonly Child[];

type Listener = (event: Event) => void;
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined | Listener>>;

/**
 * Builds an element. Strings become text, never markup, so nothing that a client or a person chose as a name can be more
 * than a name. An attribute that is false, null or undefined is left out; `onclick` and the like are listeners.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  append(element, children);
  return element;
}

/** Puts these in the place of what is in there. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** How much of the whole is taken, 0 to 1, for the stylesheet to draw. */
export function setPart(element: HTMLElement, part: number): void {
  element.style.setProperty('--part', String(Math.min(1, Math.max(0, part))));
}

let lastId = 0;

/** An id for the elements that point at each other. */
export function newId(purpose: string): string {
  lastId += 1;
  return `${purpose}-${lastId}`;
}

function set(element: Element, name: string, value: Attributes[string]): void {
  if (value === false || value === null || value === undefined) return;
  if (typeof value === 'function') element.addEventListener(name.slice('on'.length), value);
  else element.setAttribute(name, value === true ? '' : String(value));
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) element.append(child);
    else if (typeof child === 'string' || typeof child === 'number') element.append(String(child));
    else append(element, child);
  }
}
