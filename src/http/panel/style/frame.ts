/** The document: colours of states, type, the bar with the navigation, and how a page is laid out. */
export const frame = `:root {
  --good: #e1f1e9;
  --good-ink: #14573f;
  --bad: #fbe9e6;
  --bad-ink: #8c2318;
  --wait: #faeed3;
  --wait-ink: #6b4500;
  --plain: #e8ede9;
  --plain-ink: #45524d;
  --danger: #a32a1d;
  --danger-strong: #84190e;
  --on-danger: #ffffff;
  --chart-main: #2f7d66;
  --chart-second: #c68512;
  --chart-third: #a8483a;
  --chart-bad: #c0392b;
  --mono: ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace;
}

@media (prefers-color-scheme: dark) {
  :root {
    --good: #15322a;
    --good-ink: #93dabd;
    --bad: #3a1e1b;
    --bad-ink: #f7bdb4;
    --wait: #352a12;
    --wait-ink: #f1c980;
    --plain: #26322d;
    --plain-ink: #b9c6c0;
    --danger: #f0a197;
    --danger-strong: #f7bdb4;
    --on-danger: #35100b;
    --chart-main: #5fb597;
    --chart-second: #f1c36c;
    --chart-third: #ef8f80;
    --chart-bad: #ef7d6c;
  }
}

body {
  margin: 0;
  background: var(--page);
  color: var(--ink);
  font: 0.9375rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif;
  font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}

h1,
h2,
p,
dl,
dd,
fieldset {
  margin: 0;
  padding: 0;
  border: 0;
}

h1 {
  font-size: 1.5rem;
  font-weight: 650;
  letter-spacing: -0.015em;
  line-height: 1.25;
}

h1:focus {
  outline: none;
}

h2 {
  font-size: 1rem;
  font-weight: 650;
  line-height: 1.4;
}

code,
.mono {
  font-family: var(--mono);
  font-size: 0.875em;
}

.skip {
  position: absolute;
  top: -4rem;
  left: 1rem;
  z-index: 2;
  padding: 0.5rem 1rem;
  border-radius: 0.5rem;
  background: var(--card);
}

.skip:focus {
  top: 0.5rem;
}

.bar {
  display: grid;
  grid-template-columns: 1fr auto;
  gap: 0.5rem 1rem;
  align-items: center;
  padding: 0.75rem 1rem 0;
  border-bottom: 1px solid var(--line);
  background: var(--card);
}

.nav {
  display: flex;
  grid-column: 1 / -1;
  justify-content: space-between;
  margin: 0 -0.375rem;
}

.nav a {
  padding: 0.75rem 0.25rem 0.625rem;
  border-bottom: 3px solid transparent;
  color: var(--soft);
  font-size: 0.8125rem;
  font-weight: 550;
  letter-spacing: -0.01em;
  text-decoration: none;
  overflow-wrap: normal;
}

.nav a:hover {
  color: var(--ink);
}

.nav a[aria-current] {
  border-color: var(--accent);
  color: var(--ink);
}

.nav a:focus-visible {
  outline-offset: -3px;
}

.who {
  display: flex;
  grid-row: 1;
  grid-column: 2;
  gap: 0.75rem;
  align-items: center;
  min-width: 0;
}

.who-name {
  max-width: 8rem;
  overflow: hidden;
  color: var(--ink);
  font-weight: 550;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.main {
  padding: 1.25rem 1rem 4rem;
}

.main:focus {
  outline: none;
}

.head {
  display: flex;
  flex-wrap: wrap;
  gap: 0.75rem 1rem;
  align-items: center;
  justify-content: space-between;
  margin-bottom: 1.125rem;
}

.crumb {
  margin-bottom: 0.25rem;
  font-size: 0.875rem;
}

.crumb a {
  color: var(--soft);
}

.crumb a::before {
  content: '‹ ' / '';
}

.stack,
.halves {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 1rem;
  align-items: start;
}

.halves + .halves {
  margin-top: 1rem;
}

.narrow {
  max-width: 40rem;
}

@media (min-width: 60rem) {
  body {
    display: grid;
    grid-template-columns: 13rem minmax(0, 1fr);
    min-height: 100vh;
  }

  .bar {
    position: sticky;
    top: 0;
    display: flex;
    flex-direction: column;
    gap: 1.5rem;
    align-items: stretch;
    height: 100vh;
    padding: 1.5rem 0.75rem 1rem;
    border-right: 1px solid var(--line);
    border-bottom: 0;
  }

  .wordmark {
    padding-left: 0.75rem;
  }

  .nav {
    flex: 1;
    flex-direction: column;
    gap: 0.125rem;
    justify-content: flex-start;
    margin: 0;
  }

  .nav a {
    padding: 0.5rem 0.75rem;
    border: 0;
    border-radius: 0.5rem;
    font-size: 0.9375rem;
    letter-spacing: normal;
  }

  .nav a:hover {
    background: var(--inset);
  }

  .nav a[aria-current] {
    background: var(--accent);
    color: var(--on-accent);
  }

  .who {
    justify-content: space-between;
    padding: 1rem 0 0 0.75rem;
    border-top: 1px solid var(--line);
  }

  .main {
    width: 100%;
    max-width: 84rem;
    padding: 2rem 2.25rem 4rem;
  }

  .halves {
    grid-template-columns: repeat(2, minmax(0, 1fr));
  }
}

@media (prefers-reduced-motion: no-preference) {
  .toast {
    animation: arrive 160ms ease-out;
  }

  @keyframes arrive {
    from {
      opacity: 0;
      translate: 0 0.5rem;
    }
  }
}
`;
