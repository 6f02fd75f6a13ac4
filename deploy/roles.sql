-- Executed once, by the image of PostgreSQL, when its volume is empty: the two roles of docs/install.md and the database.
-- Both passwords are in deploy/environment-database.
\getenv owner OWNER_PASSWORD
\getenv application APPLICATION_PASSWORD
CREATE ROLE ungdom_owner LOGIN PASSWORD :'owner';
CREATE ROLE ungdom_app LOGIN PASSWORD :'application';
CREATE DATABASE ungdom OWNER ungdom_owner;
