#!/bin/bash
# One dump with the day in its name, and beside it the head of the audit chain; keeps the newest KEEP (14).
#   deploy/backup.sh postgresql://holdgate@db.internal/holdgate /var/backups/holdgate
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,3p' "$0"; exit 2; }

database=$1 folder=$2
name=$folder/holdgate-$(date -u +%Y%m%dT%H%M%SZ).dump
umask 077
trap 'rm -f "$name.part"' EXIT
# Not through a pooler in transaction mode: pg_dump keeps one snapshot in its session.
pg_dump --format=custom --file "$name.part" --dbname "$database"
# Readable to its end, or it is no backup.
pg_restore --list "$name.part" >/dev/null
mv "$name.part" "$name"
ls -t "$folder"/holdgate-*.dump | tail -n +"$((${KEEP:-14} + 1))" | xargs -r rm --
echo "$name: $(stat --format=%s "$name") bytes"
