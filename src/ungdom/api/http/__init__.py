"""What all routes share: request context, rights, errors, middleware, pagination, formats."""
