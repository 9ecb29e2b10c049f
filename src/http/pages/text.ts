import { html, type Html } from './html.ts';

/**
 * Every sentence a person reads. A sentence that names somebody takes the name as `Html` and returns `Html`,
 * so that a translation may put the name where its grammar wants it.
 */
export const text = {
  siteName: 'Stagedoor',
  documentTitle: (title: string) => `${title} · Stagedoor`,
  footer: 'Check the address bar before you type a password or allow an app.',
  signedInAs: (username: Html) => html`Signed in as ${username}`,

  login: {
    title: 'Sign in',
    failedTitle: 'Sign-in failed',
    lead: 'Use your account on this server.',
    continueTo: (client: Html) => html`Sign in to continue to ${client}`,
    failed: 'That username and password do not match. Please try again.',
    locked: (seconds: number) => `Too many attempts have failed. Wait ${minutes(seconds)}, then try again.`,
    username: 'Username',
    password: 'Password',
    submit: 'Sign in',
  },

  consent: {
    title: 'Allow access?',
    heading: (client: Html) => html`${client} wants to use your account`,
    website: (link: Html) => html`It says its website is ${link}`,
    notYou: 'Not you?',
    scopes: 'If you allow it, the app can',
    noScopes: 'learn that you allowed it, and nothing more',
    destination: 'Either way, you will be sent to',
    loopback: 'A program running on this device.',
    appScheme: 'An app installed on this device.',
    unverified:
      'The app chose its own name and nobody has checked it. Allow it only if you started this and know the address above.',
    allow: 'Allow',
    deny: 'Don’t allow',
  },

  error: {
    code: 'Error',
    requestId: 'Request',
    report: 'If you ask for help, pass this on:',
    badRequest: {
      title: 'This request does not work',
      message: 'The app or link that sent you here made a mistake.',
      hint: 'Nothing was shared. Go back and try again; if it keeps happening, tell the people who run the app.',
    },
    expiredForm: {
      title: 'This page is out of date',
      message: 'The form was open for too long, or was sent from somewhere else.',
      hint: 'Nothing was changed. Go back, reload the page and try again.',
    },
    notFound: {
      title: 'There is no such page',
      message: 'The address may be mistyped, or the page may have moved.',
    },
    unavailable: {
      title: 'We are busy right now',
      message: 'The server cannot answer at the moment.',
      hint: 'Nothing was lost. Wait a few seconds and reload the page.',
    },
    server: {
      title: 'Something went wrong on our side',
      message: 'The server met a problem that is not your fault.',
      hint: 'Try again. If it keeps happening, pass the request number on.',
    },
  },

  account: {
    title: 'Your account',
    failedTitle: 'Your password was not changed',
    signOut: 'Sign out',
    admin: 'Manage this server',
    keep: 'Leave it as it is',

    /** What is said once something was done, by the code that the page's address carries. */
    notices: {
      'password-changed':
        'Your password is changed. You were signed out everywhere else, and what connected apps held has ended.',
      'app-disconnected': 'The app is disconnected, and its access has ended.',
      'app-gone': 'That app was not connected any more.',
      'session-ended': 'That session is signed out.',
      'session-gone': 'That session had ended already.',
      'others-ended': 'You are signed out everywhere else.',
    },

    apps: {
      title: 'Connected apps',
      lead: 'You allowed these apps to use your account.',
      none: 'No app may use your account.',
      gone: 'An app that is gone',
      since: (at: Html) => html`Connected since ${at}.`,
      lastUsed: (at: Html) => html`Last used ${at}.`,
      notInUse: 'Not in use now, but it may come back without asking.',
      disconnect: 'Disconnect',
      confirmDocumentTitle: 'Disconnect an app?',
      confirmTitle: (app: Html) => html`Disconnect ${app}?`,
      confirmLead: 'This takes back all that you allowed it.',
      consequences: [
        'Its access and refresh tokens end at once, on every device.',
        'You will be asked again if it wants to use your account another time.',
        'What it has already stored elsewhere stays with it.',
      ],
    },

    sessions: {
      title: 'Where you are signed in',
      lead: 'If you do not recognise one of these, end it and change your password.',
      isThis: 'This session',
      unknownDevice: 'Unknown device',
      unknownAddress: 'an unknown address',
      from: (address: Html, at: Html) => html`Signed in from ${address} on ${at}.`,
      lastSeen: (at: Html) => html`Last seen ${at}.`,
      end: 'End',
      endOthers: 'Sign out everywhere else',
      endAll: 'Sign out everywhere',
      confirmTitle: 'Sign out everywhere?',
      confirmLead: 'This ends every session of yours, this one too.',
      consequences: [
        'You will need your password to sign in again, here and on every other device.',
        'Connected apps keep the access that you gave them. Disconnect them, or change your password, to end that too.',
      ],
    },

    password: {
      title: 'Password',
      lead: 'A new password signs you out everywhere else and ends what connected apps hold.',
      current: 'Current password',
      new: 'New password',
      again: 'New password, again',
      hint: 'At least 12 characters.',
      submit: 'Change password',
      missing: 'Please fill this in.',
      wrong: 'That is not your current password.',
      tooShort: 'Too short: it needs at least 12 characters.',
      tooLong: 'Too long: it may have at most 72 bytes, which is 72 plain letters or fewer of others.',
      unchanged: 'This is your current password. Choose another one.',
      different: 'The two new passwords differ.',
    },
  },

  logout: {
    title: 'Sign out?',
    lead: 'You will need your password to sign in again.',
    confirm: 'Sign out',
    stay: 'Stay signed in',
    doneTitle: 'You are signed out',
    done: 'You may still be signed in to apps you used. Sign out there too if this device is shared.',
    again: 'Sign in again',
  },

  panel: {
    title: 'Control panel',
    skip: 'Skip to the content',
    loading: 'Loading…',
    noScript:
      'The control panel needs JavaScript, which is switched off in this browser. The command line does the same.',
    account: 'Your account',
    nav: {
      overview: 'Overview',
      clients: 'Clients',
      users: 'Users',
      tokens: 'Tokens',
      keys: 'Keys',
      activity: 'Activity',
    },
    forbidden: {
      title: 'Only for administrators',
      lead: 'Your account cannot use the control panel.',
      signIn: 'Sign in as somebody else',
      account: 'Your account',
    },
  },

  apiDocumentation: {
    title: 'API documentation',
    needsScripts: 'This page needs JavaScript. The document that it shows is at /api-docs/openapi.json.',
  },
} as const;

function minutes(seconds: number): string {
  const count = Math.ceil(seconds / 60);
  return count === 1 ? 'a minute' : `${count} minutes`;
}

const SCOPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['openid', 'recognise you by this account'],
  ['profile', 'see your profile, such as your name'],
  ['email', 'see your email address'],
  ['offline_access', 'keep this access while you are away, until it is withdrawn'],
  ['admin', 'administer this server as you can: change its clients, users, tokens and keys'],
  ['admin:read', 'see what an admin of this server sees, and change nothing'],
]);

/** A scope in words that complete “the app can …”; a scope we have no words for is quoted by its name. */
export function scopeWords(scope: string): string {
  return SCOPE_WORDS.get(scope) ?? `use the permission “${scope}”`;
}
