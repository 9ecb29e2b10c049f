// Stagedoor with metrics and traces: one trace in ten is sent, to a collector that takes it.
import { startCollector } from '../collector.mjs';
import { startStagedoor } from './stagedoor.mjs';

/** @type {import('./registry.mjs').Start} */
export async function start(choice) {
  const collector = await startCollector();
  const env = {
    OAUTH2_OTLP_ENDPOINT: collector.endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
    ...choice.env,
  };
  const subject = await startStagedoor({ name: 'observed', ...choice, env });
  const stop = async () => {
    await subject.stop();
    await collector.close();
  };
  return { ...subject, stop };
}
