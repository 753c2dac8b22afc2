#!/bin/bash
# Runs once, when the container makes its database: the three roles that grants and policies name (db/README.md).
set -euo pipefail
for role in owner portal system; do
  # Passed as a variable and quoted by psql: a password may hold any character.
  psql -v ON_ERROR_STOP=1 -U postgres -v role="freehold_$role" -v password="$(<"/run/secrets/postgres_$role")" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
done
psql -v ON_ERROR_STOP=1 -U postgres <<'SQL'
ALTER DATABASE freehold OWNER TO freehold_owner;
REVOKE ALL ON DATABASE freehold FROM public;
GRANT CONNECT ON DATABASE freehold TO freehold_portal, freehold_system;
SQL
