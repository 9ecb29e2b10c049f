/** The files that the page of Swagger UI needs, all by its own address; of what else the package holds, nothing is served. */
export const SWAGGER_FILES = [
  'swagger-ui.css',
  'page.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'own-origin.js',
  'swagger-ui-init.js',
  'oauth2-redirect.html',
  'oauth2-redirect.js',
  'favicon-32x32.png',
] as const;

export type SwaggerFile = (typeof SWAGGER_FILES)[number];
