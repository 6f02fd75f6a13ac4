"""How connections are served: timeouts and limits of the HTTP server, below the application."""
