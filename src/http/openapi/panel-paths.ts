import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { PANEL_ROUTES } from '../panel/panel-paths.ts';
import { documentedPath } from './admin-paths.ts';
import { errorPages, htmlPage, NOTHING_HERE, oauthErrors, redirection } from './answers.ts';
import { SESSION } from './security.ts';

const tags = ['Pages'];

/** The pages of the control panel are one page to the server; what they show comes from the admin API. */
const pages: ZodOpenApiPathsObject = Object.fromEntries(
  PANEL_ROUTES.map((route) => {
    const [, , name = 'overview', id] = route.split('/');
    const path =
      id === undefined ? undefined : z.object({ [id.slice(1)]: z.string().meta({ example: 'new' }) });
    return [
      documentedPath(route),
      {
        get: {
          operationId: `showPanel_${name}${id === undefined ? '' : '_one'}`,
          tags,
          summary: `The control panel: ${name}${id === undefined ? '' : ', one of them'}`,
          security: SESSION,
          ...(path && { requestParams: { path } }),
          responses: {
            '200': htmlPage('The panel'),
            ...redirection('To the login'),
            '403': htmlPage('Whoever is signed in is no admin'),
            ...(path && NOTHING_HERE),
            ...errorPages(500, 503),
          },
        },
      },
    ];
  }),
);

/** The control panel and what its pages load. */
export const panelPaths: ZodOpenApiPathsObject = {
  ...pages,
  '/assets/panel/{path}': {
    get: {
      operationId: 'getPanelFile',
      tags,
      summary: 'What the control panel is made of; the path has several parts',
      security: [],
      requestParams: { path: z.object({ path: z.string().meta({ example: 'version/panel.css' }) }) },
      responses: {
        '200': {
          description: 'The file',
          content: {
            'text/css': { schema: z.string() },
            'text/javascript': { schema: z.string() },
          },
        },
        ...NOTHING_HERE,
        ...oauthErrors('server_error'),
      },
    },
  },
};
