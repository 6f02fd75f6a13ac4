"use strict";

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  layout: "BaseLayout",
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
