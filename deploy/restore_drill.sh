#!/bin/bash
# Restores a dump into a scratch database, checks it as the application does, and drops it again.
#   deploy/restore_drill.sh holdgate.dump postgresql://postgres@db.internal/postgres [AUDIT_SEQ:AUDIT_HASH]
# The second argument is a login that may create databases. Exit code 0: the dump can be relied on.
# Everything beside the database is switched off, so nothing leaves for NetSuite, mail or providers.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5p' "$0"; exit 2; }

dump=$1 server=$2 head=${3:-}
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
scratch=holdgate_drill_$$
# The same address with the scratch database as its path; parameters after "?" are kept.
url=$(sed -E "s#^([a-z]+://[^/?]*)(/[^?]*)?(\?.*)?\$#\1/$scratch\3#" <<<"$server")

finish() { psql --quiet --dbname "$server" --command "DROP DATABASE IF EXISTS $scratch WITH (FORCE)"; }
trap finish EXIT

step() {
  local name=$1 start=$SECONDS
  shift
  "$@" || { echo "FAILED: $name" >&2; exit 1; }
  echo "$name: $((SECONDS - start)) s"
}

manage() {
  env DATABASE_URL="$url" EMAIL_URL=dummymail:// IMAP_URL= LLM_BASE_URL= PROVISIONING_ALLOWED_HOSTS= \
    NETSUITE_ACCOUNT= NETSUITE_BASE_URL= LOG_LEVEL=ERROR "$python" "$root/manage.py" "$@"
}

psql --quiet --dbname "$server" --command "CREATE DATABASE $scratch"
step "restore" pg_restore --no-owner --no-privileges --exit-on-error --jobs "${JOBS:-2}" --dbname "$url" "$dump"
step "statistics" psql --quiet --dbname "$url" --command ANALYZE
step "no migration missing" manage migrate --check --verbosity 0
step "verify_audit" manage verify_audit ${head:+--since "$head"}
step "verify_invariants" manage verify_invariants
psql --dbname "$url" --tuples-only --no-align --field-separator ': ' --command "
  SELECT 'customers', count(*) FROM customers UNION ALL SELECT 'transactions', count(*) FROM transactions
  UNION ALL SELECT 'pushes', count(*) FROM netsuite_push UNION ALL SELECT 'audit rows', count(*) FROM audit_chain"
echo "The dump restores and holds what it should."
