/** The pieces of pages: cards, figures, pills, gauges, charts, notices. */
export const parts = `.card {
  min-width: 0;
  padding: 1rem 1.125rem 1.125rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  background: var(--card);
}

.card > h2 {
  margin-bottom: 0.75rem;
}

.card-head {
  display: flex;
  gap: 0.75rem;
  align-items: center;
  justify-content: space-between;
}

.card-acts {
  float: right;
  margin-top: -2.375rem;
}

.soft {
  color: var(--soft);
}

.fine {
  font-size: 0.8125rem;
}

.lead {
  max-width: 46rem;
  margin-bottom: 1.125rem;
  color: var(--soft);
}

.loading,
.empty {
  padding: 1.5rem 0;
  color: var(--soft);
}

.empty {
  display: grid;
  gap: 0.75rem;
  justify-items: start;
  max-width: 40rem;
}

.card .empty,
.card .loading {
  padding: 0.25rem 0;
}

.listing > .empty {
  max-width: none;
  padding: 1.5rem;
  border: 1px dashed var(--field-line);
  border-radius: 0.75rem;
}

.card .listing > .empty {
  padding: 0.25rem 0;
  border: 0;
}

.section > .acts {
  margin-top: 0.75rem;
}

.section > p:last-child:not(:first-child) {
  margin-top: 0.75rem;
}

.notice {
  display: grid;
  gap: 0.375rem;
  justify-items: start;
  padding: 0.75rem 0.875rem;
  border: 1px solid var(--line);
  border-radius: 0.625rem;
  background: var(--inset);
}

.notice-bad {
  border-color: var(--alert-line);
  background: var(--alert);
  color: var(--alert-ink);
}

.notice-bad .soft {
  color: inherit;
}

.notice-bad .button {
  margin-top: 0.375rem;
  border-color: currentcolor;
  color: inherit;
}

.facts {
  display: flex;
  flex-wrap: wrap;
  gap: 0.625rem 2rem;
  margin-bottom: 1.25rem;
}

.card .facts {
  margin: 0.75rem 0 0;
}

.facts dt,
.pairs dt {
  color: var(--soft);
  font-size: 0.8125rem;
}

.facts dd {
  min-height: 1.875rem;
  padding-top: 0.125rem;
}

.pairs dd {
  margin-bottom: 0.25rem;
  font-size: 0.875rem;
}

summary {
  color: var(--soft);
  font-size: 0.875rem;
  cursor: pointer;
}

.figures {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(8.75rem, 1fr));
  gap: 0.75rem;
  margin-bottom: 1rem;
}

.figure {
  display: grid;
  padding: 0.75rem 1rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  background: var(--card);
  color: inherit;
  text-decoration: none;
}

a.figure:hover {
  border-color: var(--accent);
  color: inherit;
}

.figure-label {
  color: var(--soft);
  font-size: 0.8125rem;
}

.figure-value {
  font-size: 1.625rem;
  font-weight: 650;
  letter-spacing: -0.02em;
  line-height: 1.25;
}

.chart {
  position: relative;
  height: 14rem;
}

.numbers {
  margin-top: 0.75rem;
}

.numbers > div {
  max-height: 20rem;
  overflow-y: auto;
}

.pill {
  display: inline-block;
  padding: 0.0625rem 0.5625rem;
  border-radius: 1rem;
  font-size: 0.8125rem;
  font-weight: 600;
  overflow-wrap: normal;
}

.pill-good {
  background: var(--good);
  color: var(--good-ink);
}

.pill-bad {
  background: var(--bad);
  color: var(--bad-ink);
}

.pill-wait {
  background: var(--wait);
  color: var(--wait-ink);
}

.pill-plain {
  background: var(--plain);
  color: var(--plain-ink);
}

.worrying {
  color: var(--bad-ink);
  font-weight: 600;
}

.gauged {
  display: grid;
  gap: 0.1875rem;
  max-width: 10rem;
  font-size: 0.875rem;
}

.gauge {
  height: 0.25rem;
  overflow: hidden;
  border-radius: 0.125rem;
  background: var(--plain);
}

.gauge::before {
  content: '';
  display: block;
  width: calc(var(--part, 0) * 100%);
  height: 100%;
  background: var(--chart-main);
}

.gauge-full::before {
  background: var(--chart-bad);
}

.actors td.cell-name {
  min-width: 0;
}

@media (max-width: 29.99rem) {
  .actors th,
  .actors td {
    padding-inline: 0.375rem;
  }
}

.announcements {
  position: fixed;
  right: 1rem;
  bottom: 1rem;
  left: 1rem;
  z-index: 1;
  display: grid;
  gap: 0.5rem;
  justify-items: center;
  pointer-events: none;
}

.toast {
  display: flex;
  gap: 1rem;
  align-items: center;
  max-width: 36rem;
  padding: 0.625rem 1rem;
  border-radius: 0.625rem;
  background: var(--ink);
  color: var(--card);
  box-shadow: var(--shadow);
  pointer-events: auto;
}

.toast-bad {
  border: 1px solid var(--alert-line);
  background: var(--alert);
  color: var(--alert-ink);
}

.toast-close {
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  font-weight: 600;
  text-decoration: underline;
  cursor: pointer;
}
`;
