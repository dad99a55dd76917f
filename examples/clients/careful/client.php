<?php
// A careful client: every voucher over all pages, the counts, or the error. PHP 8, no extension but json.

const TIMEOUT = 3.0; // seconds that one call may take

class CallFailed extends Exception {}

function call(int $page): array
{
    $merchant = getenv('APIGAMES_MERCHANT_ID');
    $fields = [
        'session_key' => (string) getenv('APIGAMES_SESSION_KEY'),
        'projectid' => getenv('APIGAMES_PROJECT_ID'),
        'status' => '',
        'page' => $page,
        'limit' => 30,
        'signature' => md5($merchant . getenv('APIGAMES_SECRET_KEY')),
    ];
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => "Content-Type: application/json\r\nConnection: close",
        'content' => json_encode($fields),
        'timeout' => TIMEOUT,
        'ignore_errors' => true, // an error has the envelope in its body too
    ]]);
    $url = getenv('APIGAMES_BASE_URL') . "/merchant/$merchant/kiosgamer/project/detail";
    $until = microtime(true) + TIMEOUT;
    $stream = @fopen($url, 'r', false, $context);
    if ($stream === false) {
        throw new CallFailed('no reply: ' . (error_get_last()['message'] ?? 'unknown'));
    }
    $body = '';
    while (!feof($stream)) {
        $body .= fread($stream, 65536);
        if (microtime(true) > $until) { // a stream's own timeout starts anew with every byte
            throw new CallFailed('no reply: the body did not come in time');
        }
    }
    $reply = json_decode($body, true);
    if (!is_array($reply)) {
        throw new CallFailed('no whole JSON body');
    }
    if (($reply['rc'] ?? null) !== 200) {
        throw new CallFailed($reply['error_msg'] ?? 'no error_msg');
    }
    return $reply['data'];
}

try {
    $vouchers = [];
    for ($page = 1, $pages = 1; $page <= $pages; $page++) {
        $data = call($page);
        $pages = $data['total_page']; // of the newest reply: it may have grown meanwhile
        foreach ($data['data']['vouchers'] ?? [] as $voucher) {
            $vouchers[$voucher['id']] = $voucher['voucher_code'];
        }
    }
    $seen = ['vouchers' => array_values($vouchers), 'counts' => $data['data']['stats'], 'error' => null];
} catch (CallFailed $error) {
    $seen = ['vouchers' => [], 'counts' => new stdClass(), 'error' => $error->getMessage()];
}
echo json_encode($seen), "\n";
