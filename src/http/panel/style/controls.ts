/** What is pressed and filled in: buttons, fields, forms, dialogs. */
export const controls = `.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 2.5rem;
  padding: 0.375rem 1rem;
  border: 1px solid transparent;
  border-radius: 0.5rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  white-space: nowrap;
  cursor: pointer;
}

.button:hover {
  background: var(--accent-strong);
  color: var(--on-accent);
}

.button:disabled {
  opacity: 0.55;
  cursor: progress;
}

.button-quiet,
.button-warn {
  border-color: var(--field-line);
  background: transparent;
  color: var(--ink);
}

.button-quiet:hover {
  background: var(--inset);
  color: var(--ink);
}

.button-warn {
  border-color: var(--alert-line);
  color: var(--bad-ink);
}

.button-warn:hover {
  background: var(--bad);
  color: var(--bad-ink);
}

.button-danger {
  background: var(--danger);
  color: var(--on-danger);
}

.button-danger:hover {
  background: var(--danger-strong);
  color: var(--on-danger);
}

.button-small {
  min-height: 1.875rem;
  padding: 0.125rem 0.625rem;
  font-size: 0.8125rem;
}

.acts {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem;
}

.more {
  margin-top: 0.75rem;
}

.form,
dialog form {
  display: grid;
  gap: 1.125rem;
}

@media (min-width: 48rem) {
  .stack > .card .form {
    grid-template-columns: repeat(2, minmax(0, 1fr));
    column-gap: 2rem;
  }

  .stack > .card .form > :not(.field) {
    grid-column: 1 / -1;
  }
}

.field {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 0.25rem;
  align-content: start;
  min-width: 0;
}

label,
legend {
  padding: 0;
  font-weight: 600;
}

.check {
  display: grid;
  grid-template-columns: auto 1fr;
  gap: 0.625rem;
  align-items: baseline;
}

.check label {
  font-weight: 450;
}

.field-check .check label {
  font-weight: 600;
}

.field-check .about {
  padding-left: 1.625rem;
}

fieldset .check {
  margin-top: 0.25rem;
}

input[type='checkbox'] {
  width: 1rem;
  height: 1rem;
  margin: 0;
  translate: 0 0.125rem;
  accent-color: var(--accent);
}

input:not([type='checkbox']),
select,
textarea {
  width: 100%;
  min-height: 2.5rem;
  padding: 0.375rem 0.625rem;
  border: 1px solid var(--field-line);
  border-radius: 0.5rem;
  background: var(--field);
  color: var(--ink);
  font: inherit;
}

input.mono,
textarea.mono,
input.secret {
  font-family: var(--mono);
  font-size: 0.8125rem;
}

textarea {
  resize: vertical;
}

input::placeholder {
  color: var(--soft);
  opacity: 1;
}

[aria-invalid='true'] {
  border-color: var(--danger);
}

.about {
  color: var(--soft);
  font-size: 0.8125rem;
  line-height: 1.45;
}

.about:empty {
  display: none;
}

.mistake:not(:empty) {
  display: block;
  color: var(--bad-ink);
  font-weight: 600;
}

.filters {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr));
  gap: 0.75rem;
  max-width: 62rem;
  margin-bottom: 1rem;
}

.filters label {
  font-size: 0.8125rem;
}

.search {
  max-width: 26rem;
}

.beside {
  display: flex;
  gap: 0.5rem;
  align-items: center;
}

dialog {
  width: min(32rem, calc(100vw - 2rem));
  padding: 1.5rem;
  border: 1px solid var(--line);
  border-radius: 0.875rem;
  background: var(--card);
  color: var(--ink);
  box-shadow: var(--shadow);
}

dialog::backdrop {
  background: rgb(8 14 11 / 55%);
}

dialog h2 {
  margin-bottom: 0.75rem;
  font-size: 1.125rem;
}
`;
