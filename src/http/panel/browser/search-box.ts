import { h, newId } from './dom.ts';

const PAUSE_MS = 200;

/** A field that searches while one types. */
export function searchBox(label: string, value: string, search: (text: string) => void): HTMLElement {
  const id = newId('search');
  const input = h('input', {
    id,
    type: 'search',
    value,
    placeholder: label,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = value;
  const searchNow = () => {
    clearTimeout(timer);
    if (input.value === last) return;
    last = input.value;
    search(last);
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(searchNow, PAUSE_MS);
  });
  const form = h(
    'form',
    { class: 'search', role: 'search' },
    h('label', { for: id, class: 'unseen' }, label),
    input,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    searchNow();
  });
  return form;
}
