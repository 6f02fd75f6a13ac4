"use strict";

// An address of Swagger UI, as bookmarks may have it, leads to Swagger UI.
if (location.hash.startsWith("#/")) {
  location.replace("/docs/try" + location.hash);
}
