import type { Request, Response } from 'express';
import { ERROR_STATUS } from '../error-status.ts';
import { PATHS } from '../metadata.ts';
import { contextOf } from '../../middleware/request-context.ts';
import { errorPage } from '../pages/error-page.ts';
import { text } from '../pages/text.ts';
import { readQuery } from '../read-body.ts';
import { page, redirect, sendPage } from '../send-page.ts';

/** GET /: a person who opens the bare address. */
export function startRoute() {
  return (_request: Request, response: Response): void => {
    redirect(response, PATHS.account);
  };
}

/** GET /error: explains an error code of ours, for apps that send people here. Words of the caller's own are not shown. */
export function errorRoute() {
  return page(async (request, response) => {
    const code = readQuery(request).get('error') ?? '';
    const { requestId } = contextOf(response);
    const known = Object.hasOwn(ERROR_STATUS, code) ? { code } : {};
    sendPage(response, 400, errorPage({ ...text.error.badRequest, requestId, ...known }));
  });
}
