#!/usr/bin/env bash
# Asks for the first page of a project's vouchers with curl.
#
#     APIGAMES_BASE_URL=http://127.0.0.1:8787 bash with_curl.sh
set -euo pipefail

base_url=${APIGAMES_BASE_URL:-https://v1.apigames.id}
merchant_id=${APIGAMES_MERCHANT_ID:-M240315GAME2847K}
secret_key=${APIGAMES_SECRET_KEY:-apigames-mock-secret}
project_id=${APIGAMES_PROJECT_ID:-R250101DEMO000137}

# On macOS `md5 -q` does what `md5sum` does elsewhere.
signature=$(printf %s "$merchant_id$secret_key" | { md5sum 2>/dev/null || md5 -q; } | cut -c1-32)

# From standard input, so that the signature does not stand in the list of processes.
curl -sS --max-time 10 "$base_url/merchant/$merchant_id/kiosgamer/project/detail" \
  -H 'Content-Type: application/json' -d @- <<JSON
{"projectid":"$project_id","status":"","page":1,"limit":30,"signature":"$signature"}
JSON
