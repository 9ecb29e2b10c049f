import { theme } from './theme.ts';

/**
 * The stylesheet of the pages without scripts, served at /assets/stagedoor.css. It needs no font, image or script, and no
 * inline style.
 */
export const stylesheet = `${theme}
body {
  display: grid;
  grid-template-rows: auto auto 1fr;
  justify-items: center;
  min-height: 100vh;
  min-height: 100dvh;
  margin: 0;
  padding: clamp(1.5rem, 11vh, 7rem) 1rem 1.5rem;
  background: var(--page) radial-gradient(40rem 24rem at 50% 0, var(--glow), transparent) no-repeat;
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif;
  overflow-wrap: anywhere;
}

h1,
h2,
h3,
p,
ul,
dl,
dd {
  margin: 0;
  padding: 0;
}

h1 {
  font-size: 1.5rem;
  font-weight: 650;
  letter-spacing: -0.015em;
  line-height: 1.25;
  text-wrap: balance;
}

h2 {
  margin-top: 1.5rem;
  font-size: 1rem;
  font-weight: 600;
  line-height: 1.4;
}

h3 {
  font-size: 1rem;
  font-weight: 600;
  line-height: 1.4;
}

.masthead {
  margin-bottom: 1.5rem;
}

.card {
  width: 100%;
  max-width: 28rem;
  padding: 2rem;
  border: 1px solid var(--line);
  border-radius: 1rem;
  background: var(--card);
  box-shadow: var(--shadow);
}

.card-wide {
  max-width: 42rem;
}

.footer {
  align-self: end;
  max-width: 28rem;
  padding-top: 2rem;
  color: var(--soft);
  font-size: 0.8125rem;
  text-align: center;
  text-wrap: balance;
}

.lead {
  margin-top: 0.375rem;
  color: var(--soft);
}

.lead + p {
  margin-top: 0.75rem;
}

.identity .name {
  color: var(--ink);
  font-weight: 600;
}

.fine {
  color: var(--soft);
  font-size: 0.875rem;
  line-height: 1.5;
}

h1 + .fine {
  margin-top: 0.375rem;
}

.card .alert {
  margin-top: 1.25rem;
  padding: 0.75rem 0.875rem;
  border: 1px solid var(--alert-line);
  border-radius: 0.625rem;
  background: var(--alert);
  color: var(--alert-ink);
  font-size: 0.9375rem;
  line-height: 1.45;
}

.card .notice {
  margin-top: 1.25rem;
  padding: 0.75rem 0.875rem;
  border-radius: 0.625rem;
  background: var(--inset);
  font-size: 0.9375rem;
  line-height: 1.45;
}

.card .mistake {
  color: var(--alert-ink);
  font-size: 0.875rem;
  line-height: 1.45;
}

.form,
.choices {
  display: grid;
  gap: 1.125rem;
  margin-top: 1.5rem;
}

.choices {
  gap: 0.75rem;
}

.field {
  display: grid;
  gap: 0.375rem;
}

label {
  font-size: 0.9375rem;
  font-weight: 600;
}

.field input {
  width: 100%;
  min-height: 2.875rem;
  padding: 0.5rem 0.75rem;
  border: 1px solid var(--field-line);
  border-radius: 0.625rem;
  background: var(--field);
  color: var(--ink);
  font: inherit;
}

.field input:focus-visible {
  outline-offset: 0;
}

.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 2.875rem;
  padding: 0.5rem 1.25rem;
  border: 1px solid transparent;
  border-radius: 0.625rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}

.form .button {
  margin-top: 0.375rem;
}

.button-small {
  min-height: 2.25rem;
  padding: 0.25rem 0.875rem;
  font-size: 0.9375rem;
}

.choice {
  display: grid;
}

.button:hover {
  background: var(--accent-strong);
  color: var(--on-accent);
}

.button:active {
  translate: 0 1px;
}

.button-quiet {
  border-color: var(--field-line);
  background: transparent;
  color: var(--ink);
}

.button-quiet:hover {
  background: var(--inset);
  color: var(--ink);
}

.identity {
  display: flex;
  align-items: center;
  gap: 0.75rem;
  margin-top: 1.25rem;
  font-size: 0.9375rem;
}

.identity-initial {
  display: grid;
  flex: none;
  place-items: center;
  width: 2.25rem;
  height: 2.25rem;
  border: 1px solid var(--line);
  border-radius: 50%;
  background: var(--inset);
  font-weight: 600;
}

.identity-words {
  flex: 1;
  min-width: 0;
  color: var(--soft);
  line-height: 1.4;
}

.identity a {
  flex: none;
}

.grants {
  display: grid;
  gap: 0.5rem;
  margin-top: 0.625rem;
  list-style: none;
}

.grants li {
  position: relative;
  padding-left: 1.625rem;
}

/* A tick drawn with two borders. */
.grants li::before {
  content: '';
  position: absolute;
  top: 0.4em;
  left: 0.375rem;
  width: 0.375rem;
  height: 0.6875rem;
  border: solid var(--link);
  border-width: 0 2px 2px 0;
  rotate: 42deg;
}

.admin-link {
  margin-top: 0.75rem;
}

.section {
  margin-top: 2rem;
  padding-top: 1.5rem;
  border-top: 1px solid var(--line);
}

.section h2 {
  margin-top: 0;
  font-size: 1.125rem;
}

.section .form {
  max-width: 24rem;
}

.entries {
  list-style: none;
}

.entry {
  display: flex;
  flex-wrap: wrap;
  gap: 0.75rem 1rem;
  align-items: flex-start;
  justify-content: space-between;
  margin-top: 1rem;
}

.entry + .entry {
  padding-top: 1rem;
  border-top: 1px solid var(--line);
}

.entry-words {
  flex: 1 1 16rem;
  min-width: 0;
}

.entry-words .fine {
  margin-top: 0.375rem;
}

.badge {
  display: inline-block;
  padding: 0 0.5rem;
  border: 1px solid var(--line);
  border-radius: 1rem;
  background: var(--inset);
  color: var(--soft);
  font-size: 0.8125rem;
  font-weight: 500;
}

.facts {
  display: grid;
  gap: 0.5rem;
  margin-top: 1rem;
  padding-left: 1.25rem;
}

.destination {
  margin: 1.5rem 0 0.875rem;
  padding: 0.875rem 1rem;
  border-radius: 0.625rem;
  background: var(--inset);
}

.label {
  color: var(--soft);
  font-size: 0.875rem;
}

.destination-host {
  font-size: 1.25rem;
  font-weight: 650;
  letter-spacing: -0.005em;
  line-height: 1.35;
}

.small-print {
  margin-top: 1.75rem;
  padding-top: 1rem;
  border-top: 1px solid var(--line);
  color: var(--soft);
  font-size: 0.8125rem;
}

.small-print dl {
  display: grid;
  grid-template-columns: auto 1fr;
  gap: 0.125rem 0.75rem;
  margin-top: 0.375rem;
}

.small-print dd {
  font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace;
}

@media (min-width: 30rem) {
  .card {
    padding: 2.25rem 2.5rem 2.5rem;
  }

  .choices {
    grid-auto-columns: 1fr;
    grid-auto-flow: column;
  }
}

@media (max-width: 29.99rem) {
  body {
    padding-top: 1.5rem;
  }

  .card {
    padding: 1.5rem 1.25rem;
  }
}
`;
