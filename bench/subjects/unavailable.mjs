/** What a subject needs is not on this machine; the run says so and goes on without it. */
export class Unavailable extends Error {
  name = 'Unavailable';
}
