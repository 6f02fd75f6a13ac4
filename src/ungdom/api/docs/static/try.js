"use strict";

// Groups begin closed: drawing every operation at once takes seconds. The address opens one of them.
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  layout: "BaseLayout",
  persistAuthorization: false, // a token is gone with the page: nothing of it stays in the browser
  tryItOutEnabled: true,
  validatorUrl: null,
});
