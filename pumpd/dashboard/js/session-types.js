// Shapes of sign-in as the page reads them. Types only.

/**
 * idle_s 0: it never ends for want of an act. step_up_needed: this screen is everybody's, and an act asks who acts.
 * provider: who may vouch for people besides, by name.
 * @typedef {{signed_in: boolean, account: string, name: string, by: string, roles: string[], permissions: string[],
 *   identity: "full"|"initials"|"none", csrf: string, demo: boolean, idle_s: number, setup_needed: boolean,
 *   step_up_needed: boolean, provider?: string}} Session
 */

/** Who stepped up at a shared screen. @typedef {{token: string, seconds: number, name: string, by: string, permissions: string[]}} Grant */

/** status 0: the server did not answer. wait_s: not before. @typedef {{ok: boolean, status: number, said: string[], wait_s: number, body: any}} Answer */

export {};
