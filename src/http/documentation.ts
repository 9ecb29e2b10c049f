import { adminOperations } from './admin/operations.ts';
import type { DocumentFacts } from './openapi/document.ts';
import { openApiRoute } from './routes/openapi.ts';
import { swaggerFileRoute, swaggerUiFolderRoute, swaggerUiRoute } from './routes/swagger-ui.ts';

/** The OpenAPI document, and Swagger UI that shows it. */
export function documentationHandlers(facts: Omit<DocumentFacts, 'operations'>) {
  return {
    openApi: openApiRoute({ ...facts, operations: adminOperations() }),
    swaggerUi: swaggerUiRoute(),
    swaggerUiFolder: swaggerUiFolderRoute(),
    swaggerFile: swaggerFileRoute(facts.issuer),
  };
}
