#!/usr/bin/env bash
# Submits voucher codes, then polls until each is finished, with curl and jq.
#
#     APIGAMES_BASE_URL=http://127.0.0.1:8787 bash submit_and_poll.sh CODE1 CODE2
#
# The mock finishes them within seconds when it is started as `apigames-mock serve --plan timed`.
set -euo pipefail

base_url=${APIGAMES_BASE_URL:-https://v1.apigames.id}
merchant_id=${APIGAMES_MERCHANT_ID:-M240315GAME2847K}
secret_key=${APIGAMES_SECRET_KEY:-apigames-mock-secret}

# On macOS `md5 -q` does what `md5sum` does elsewhere.
signature=$(printf %s "$merchant_id$secret_key" | { md5sum 2>/dev/null || md5 -q; } | cut -c1-32)

# call PATH FIELDS: from standard input, so that neither codes nor signature stand in the list of processes.
call() {
  printf '{%s,"signature":"%s"}' "$2" "$signature" |
    curl -sS --max-time 10 "$base_url/merchant/$merchant_id/kiosgamer/$1" -H 'Content-Type: application/json' -d @-
}

list=$(printf '%s\n' "$@" | base64 | tr -d '\n')
if ! reply=$(call redem/bulk "\"kode_voucher\":\"$list\"") || ! rc=$(jq -e .rc <<<"$reply"); then
  # Never submit again: the list may have been taken, and its codes would count twice.
  echo "no reply: ask the vendor what became of these codes" >&2
  exit 1
fi
# The HTTP status says nothing that is documented: rc and error_msg do. A submission succeeds with 0, a status with 200.
if [ "$rc" != 0 ]; then
  echo "$rc: $(jq -r .error_msg <<<"$reply")" >&2
  exit 1
fi
project_id=$(jq -r .data.project_id <<<"$reply")
echo "project $project_id" # kept before anything else

page() {
  call project/detail "\"projectid\":\"$project_id\",\"status\":\"\",\"page\":$1,\"limit\":30"
}

for _ in $(seq 60); do
  if reply=$(page 1) && [ "$(jq .rc <<<"$reply")" = 200 ]; then
    if [ "$(jq '.data.data.stats | .pending + .process' <<<"$reply")" = 0 ]; then
      for n in $(seq "$(jq .data.total_page <<<"$reply")"); do
        # The numbers behind the names of `stats`, in their order.
        page "$n" | jq -r '["pending", "success", "process", "error_engine", "error_voucher"] as $names
          | .data.data.vouchers[] | "\(.voucher_code) \($names[.status])"'
      done
      exit 0
    fi
  else
    echo "one status call failed, and says nothing of the codes" >&2
  fi
  sleep "${APIGAMES_POLL_SECONDS:-5}"
done
echo "not finished yet" >&2
exit 1
