#!/bin/sh
# A client that gives curl no time limit, and waits as long as the vendor does.
set -eu

fail() {
    printf '{"vouchers": [], "counts": {}, "error": "%s"}\n' "$(printf %s "$1" | tr -d '"\\' | tr '\n' ' ')"
    exit 0
}

number() { # the first number behind a name
    printf %s "$reply" | grep -o "\"$1\":-\{0,1\}[0-9]*" | head -n 1 | cut -d : -f 2
}

whole() { # brackets outside of texts are in balance, so nothing was cut off
    printf %s "$reply" | tr -d '\n' | sed 's/\\.//g; s/"[^"]*"//g' | awk '
        { for (i = 1; i <= length($0); i++) { c = substr($0, i, 1)
            if (c ~ /[{[]/) depth++; else if (c ~ /[]}]/) depth--; else if (c == "\"" || c == "<") exit 1 } }
        END { exit !(NR && depth == 0) }'
}

signature=$(printf %s "$APIGAMES_MERCHANT_ID$APIGAMES_SECRET_KEY" | md5sum | cut -d ' ' -f 1)
url="$APIGAMES_BASE_URL/merchant/$APIGAMES_MERCHANT_ID/kiosgamer/project/detail"
codes=''
page=1
pages=1
while [ "$page" -le "$pages" ]; do
    # The body goes by standard input: an argument could be read by every user of the machine.
    reply=$(printf '{"session_key":"%s","projectid":"%s","status":"","page":%d,"limit":30,"signature":"%s"}' \
        "${APIGAMES_SESSION_KEY:-}" "$APIGAMES_PROJECT_ID" "$page" "$signature" |
        curl --silent --show-error --header 'Content-Type: application/json' --data-binary @- "$url" 2>&1) ||
        fail "no reply: $reply"
    case $reply in '{'*) whole || fail 'the body is cut off' ;; *) fail 'no JSON body' ;; esac
    if [ "$(number rc)" != 200 ]; then
        fail "$(printf %s "$reply" | sed -n 's/.*"error_msg":"\([^"]*\)".*/\1/p')"
    fi
    pages=$(number total_page) # of the newest reply: it may have grown meanwhile
    codes="$codes
$(printf %s "$reply" | grep -o '[{,]"voucher_code":"[^"]*"' | cut -d '"' -f 4)"
    page=$((page + 1))
done
list=$(printf '%s\n' "$codes" | sed '/^$/d' | sort -u | sed 's/.*/"&"/' | paste -s -d , -)
counts=''
for name in pending success process error_engine error_voucher; do
    counts="$counts, \"$name\": $(number "$name")"
done
printf '{"vouchers": [%s], "counts": {%s}, "error": null}\n' "$list" "${counts#, }"
