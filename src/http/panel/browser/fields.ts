import { fill, h, newId, type Attributes, type Child } from './dom.ts';

/** A labelled control that can say what is wrong with it. */
export interface Field<Value> {
  /** As the API calls it. */
  readonly name: string;
  readonly element: HTMLElement;
  readonly value: () => Value;
  readonly complain: (mistake: string | null) => void;
  readonly focus: () => void;
}

export interface FieldParts {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value?: string | null;
  readonly attributes?: Attributes;
  /** Says what is wrong with the value when the person leaves the field. */
  readonly check?: (value: string) => string | null;
}

/** A line of text. */
export function textField(parts: FieldParts): Field<string> {
  const { name, value, attributes } = parts;
  const input = h('input', { id: newId(name), name, type: 'text', value: value ?? '', ...attributes });
  return withLabel(parts, input);
}

/** Several lines of text. */
export function areaField(parts: FieldParts): Field<string> {
  const { name, value, attributes } = parts;
  return withLabel(parts, h('textarea', { id: newId(name), name, rows: 3, ...attributes }, value));
}

/** One of a few. */
export function choiceField<Value extends string>(
  parts: FieldParts & { readonly options: readonly (readonly [Value, string])[] },
): Field<Value> & { readonly control: HTMLSelectElement } {
  const { name, value, options } = parts;
  const control = h(
    'select',
    { id: newId(name), name },
    options.map(([option, label]) => h('option', { value: option, selected: option === value }, label)),
  );
  const field = withLabel(parts, control);
  return { ...field, value: () => control.value as Value, control };
}

/** Yes or no. */
export function checkField(parts: {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: boolean;
}): Field<boolean> {
  const { name, label, hint, value } = parts;
  const id = newId(name);
  const words = complaint(hint);
  const input = h('input', { id, name, type: 'checkbox', checked: value, 'aria-describedby': words.id });
  const element = h(
    'div',
    { class: 'field field-check' },
    h('div', { class: 'check' }, input, h('label', { for: id }, label)),
    words.element,
  );
  return {
    name,
    element,
    value: () => input.checked,
    ...complaining(input, words),
    focus: () => input.focus(),
  };
}

/** Any of a few. */
export function checksField<Value extends string>(parts: {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: readonly Value[];
  readonly options: readonly (readonly [Value, string])[];
}): Field<Value[]> {
  const { name, label, hint, value, options } = parts;
  const words = complaint(hint);
  const boxes = options.map(([option]) =>
    h('input', { id: newId(name), name, type: 'checkbox', value: option, checked: value.includes(option) }),
  );
  const lines = boxes.map((box, index) =>
    h('div', { class: 'check' }, box, h('label', { for: box.id }, options[index]?.[1])),
  );
  const element = h(
    'fieldset',
    { class: 'field', 'aria-describedby': words.id },
    h('legend', {}, label),
    lines,
    words.element,
  );
  const [first] = boxes;
  return {
    name,
    element,
    value: () => boxes.filter((box) => box.checked).map((box) => box.value as Value),
    complain: (mistake) => words.say(mistake),
    focus: () => first?.focus(),
  };
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function withLabel({ name, label, hint, check }: FieldParts, control: Control): Field<string> {
  const words = complaint(hint);
  control.setAttribute('aria-describedby', words.id);
  const element = h(
    'div',
    { class: 'field' },
    h('label', { for: control.id }, label),
    control,
    words.element,
  );
  const field = {
    name,
    element,
    value: () => control.value,
    ...complaining(control, words),
    focus: () => control.focus(),
  };
  if (check) {
    // Told once the person has finished, and taken back as soon as it is right.
    control.addEventListener('change', () => field.complain(check(control.value)));
    control.addEventListener('input', () => {
      if (control.getAttribute('aria-invalid') === 'true') field.complain(check(control.value));
    });
  }
  return field;
}

interface Complaint {
  readonly id: string;
  readonly element: HTMLElement;
  readonly say: (mistake: string | null) => void;
}

function complaint(hint?: string): Complaint {
  const id = newId('about');
  const usual: Child = hint !== undefined && h('span', {}, hint);
  const mistakes = h('span', { class: 'mistake' });
  return {
    id,
    element: h('p', { class: 'about', id }, mistakes, usual),
    say: (mistake) => fill(mistakes, mistake),
  };
}

function complaining(control: Control, words: Complaint): Pick<Field<unknown>, 'complain'> {
  return {
    complain: (mistake) => {
      words.say(mistake);
      if (mistake === null) control.removeAttribute('aria-invalid');
      else control.setAttribute('aria-invalid', 'true');
    },
  };
}
