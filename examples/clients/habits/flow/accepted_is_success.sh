#!/bin/sh
# Habit: the list was taken, so every code is booked as redeemed. It never polls.
set -eu

say() { # WORD ERROR
    lines=$(printf '%s\n' "$APIGAMES_VOUCHERS" | sed "/^\$/d; s/.*/\"&\": \"$1\"/" | sort -u | paste -s -d , -)
    printf '{"codes": {%s}, "error": %s}\n' "$lines" "${2:+\"$2\"}" | sed 's/"error": }/"error": null}/'
    exit 0
}

list=$(printf '%s\n' "$APIGAMES_VOUCHERS" | sed '/^$/d' | sort -u | awk 'NR > 1 { print "" } { printf "%s", $0 }' | base64 | tr -d '\n')
signature=$(printf %s "$APIGAMES_MERCHANT_ID$APIGAMES_SECRET_KEY" | md5sum | cut -d ' ' -f 1)
url="$APIGAMES_BASE_URL/merchant/$APIGAMES_MERCHANT_ID/kiosgamer/redem/bulk"
reply=$(printf '{"session_key":"%s","kode_voucher":"%s","signature":"%s"}' \
    "${APIGAMES_SESSION_KEY:-}" "$list" "$signature" |
    curl --silent --max-time 3 --header 'Content-Type: application/json' --data-binary @- "$url") || say unknown 'no reply'
case $reply in
*'"rc":0,'*'}') say success '' ;;
*'"error_msg":"'*'"}') say refused "$(printf %s "$reply" | sed -n 's/.*"error_msg":"\([^"]*\)".*/\1/p')" ;;
*) say unknown 'no whole reply' ;;
esac
