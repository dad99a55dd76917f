#!/bin/sh
# A careful client of the whole journey: it submits codes once, polls, and says what became of each.
# POSIX shell, curl, base64 and md5sum, no jq. It reads only replies written on one line, as this vendor writes them.
set -eu

codes=$(printf '%s\n' "$APIGAMES_VOUCHERS" | sed '/^$/d' | awk '!seen[$0]++')
signature=$(printf %s "$APIGAMES_MERCHANT_ID$APIGAMES_SECRET_KEY" | md5sum | cut -d ' ' -f 1)
url="$APIGAMES_BASE_URL/merchant/$APIGAMES_MERCHANT_ID/kiosgamer"

# say ERROR: prints the lines "CODE WORD" of standard input as the JSON that is asked for.
say() {
    error=null
    [ -z "$1" ] || error="\"$(printf %s "$1" | tr -d '"\\' | tr '\n' ' ')\""
    printf '{"codes": {%s}, "error": %s}\n' "$(sed 's/\(.*\) \(.*\)/"\1": "\2"/' | paste -s -d , -)" "$error"
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

# call PATH FIELDS: sets `reply`, or fails with the reason in it.
call() {
    # The body goes by standard input: an argument could be read by every user of the machine.
    reply=$(printf '{"session_key":"%s",%s,"signature":"%s"}' "${APIGAMES_SESSION_KEY:-}" "$2" "$signature" |
        curl --silent --show-error --max-time 3 --header 'Content-Type: application/json' --data-binary @- \
            "$url/$1" 2>&1) || { reply="no reply: $reply"; return 1; }
    case $reply in
    '{'*'"rc":'*) whole || { reply='the body is cut off'; return 1; } ;;
    *) reply='no JSON body'; return 1 ;;
    esac
}

error_msg() {
    printf %s "$reply" | sed -n 's/.*"error_msg":"\([^"]*\)".*/\1/p'
}

list=$(printf %s "$codes" | base64 | tr -d '\n')
if ! call redem/bulk "\"kode_voucher\":\"$list\""; then
    # Never again: the list may have been taken. A person asks the vendor.
    printf '%s\n' "$codes" | sed 's/$/ unknown/' | say "$reply"
    exit 0
fi
if [ "$(number rc)" != 0 ]; then
    printf '%s\n' "$codes" | sed 's/$/ refused/' | say "$(error_msg)"
    exit 0
fi
project_id=$(printf %s "$reply" | sed -n 's/.*"project_id":"\([^"]*\)".*/\1/p')
echo "project_id $project_id" # kept before anything else

seen=$(printf '%s\n' "$codes" | sed 's/$/ pending/')
error='not finished yet'
polls=0
while [ "$polls" -lt 20 ]; do
    polls=$((polls + 1))
    page=1
    pages=1
    found=''
    while [ "$page" -le "$pages" ]; do
        # A status call that fails says nothing of the codes, also where the project is not known yet.
        call project/detail "\"projectid\":\"$project_id\",\"status\":\"\",\"page\":$page,\"limit\":30" || {
            error=$reply
            break
        }
        [ "$(number rc)" = 200 ] || { error=$(error_msg); break; }
        pages=$(number total_page)
        [ "$page" -gt 1 ] || open=$(($(number pending) + $(number process)))
        # The numbers behind the names of `stats`, in their order; the first "status" after a code is that code's.
        found="$found
$(printf %s "$reply" | grep -o '"voucher_code":"[^"]*"\|"status":[0-9]*' | awk -F '[":]+' '
            BEGIN { split("pending success process error_engine error_voucher", names, " ") }
            $2 == "voucher_code" { code = $3 }
            $2 == "status" && code { print code, names[$3 + 1]; code = "" }')"
        page=$((page + 1))
    done
    if [ "$page" -gt "$pages" ]; then
        seen=$(printf '%s\n' "$found" | sed '/^$/d')
        if [ "$open" = 0 ]; then # every page was read after nothing was open any more
            error=''
            break
        fi
        error='not finished yet'
    fi
    sleep "${APIGAMES_POLL_SECONDS:-5}"
done
printf '%s\n' "$seen" | say "$error"
