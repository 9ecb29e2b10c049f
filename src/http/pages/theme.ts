/**
 * What all pages share, the control panel's too: the colours, by day the green of a stage door and by night the lamp above
 * it, how links and focus look, and the wordmark. Each colour is used with the one it was measured against (WCAG 2.2, 1.4.3).
 */
export const theme = `:root {
  color-scheme: light dark;
  --page: #f2f5f1;
  --glow: #ffffff;
  --card: #ffffff;
  --inset: #f2f6f2;
  --ink: #17211d;
  --soft: #51605a;
  --line: #d8dfd9;
  --field: #ffffff;
  --field-line: #78867f;
  --accent: #1d5c4a;
  --accent-strong: #154638;
  --on-accent: #ffffff;
  --link: #1d5c4a;
  --focus: #b26a00;
  --alert: #fdf1ef;
  --alert-ink: #8c2318;
  --alert-line: #dca69e;
  --door: #1d5c4a;
  --lamp: #f0b43c;
  --shadow: 0 1px 2px rgb(23 33 29 / 6%), 0 12px 32px -12px rgb(23 33 29 / 16%);
}

@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1311;
    --glow: #1d2119;
    --card: #161e1b;
    --inset: #1d2723;
    --ink: #e9efea;
    --soft: #a5b3ac;
    --line: #2b3732;
    --field: #101715;
    --field-line: #6c7d75;
    --accent: #f1c36c;
    --accent-strong: #f8d794;
    --on-accent: #241a05;
    --link: #f1c36c;
    --focus: #9edcc5;
    --alert: #321a18;
    --alert-ink: #f7bdb4;
    --alert-line: #71352e;
    --door: #4f9c82;
    --lamp: #f1c36c;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 16px 40px -16px rgb(0 0 0 / 60%);
  }
}

*,
*::before,
*::after {
  box-sizing: border-box;
}

html {
  -webkit-text-size-adjust: 100%;
  text-size-adjust: 100%;
}

a {
  color: var(--link);
  text-underline-offset: 0.2em;
}

a:hover {
  color: var(--accent-strong);
}

:focus-visible {
  outline: 3px solid var(--focus);
  outline-offset: 2px;
}

/* For ears alone: what tells one of many equal buttons from the next. */
.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

/* The wordmark: an arched door, ajar, with the light on inside. */
.wordmark {
  display: flex;
  align-items: flex-end;
  gap: 0.5rem;
  font-size: 1.125rem;
  font-weight: 650;
  letter-spacing: -0.01em;
  line-height: 1.3;
}

.wordmark-door {
  position: relative;
  flex: none;
  width: 1.125rem;
  height: 1.5625rem;
  border-radius: 0.5625rem 0.5625rem 1px 1px;
  background: var(--lamp);
  overflow: hidden;
}

.wordmark-door::before {
  content: '';
  position: absolute;
  inset: 0;
  background: radial-gradient(circle at 47% 58%, var(--lamp) 0.08rem, transparent 0.1rem) var(--door);
  clip-path: polygon(0 0, 36% 0, 60% 15%, 60% 91%, 0 100%);
}
`;
