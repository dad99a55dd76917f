<?php
// A client that looks into every reply as if it were JSON: on a proxy's HTML page, json_decode gives null.

function call(int $page): array
{
    $merchant = getenv('APIGAMES_MERCHANT_ID');
    $fields = ['session_key' => getenv('APIGAMES_SESSION_KEY'), 'projectid' => getenv('APIGAMES_PROJECT_ID'), 'status' => '',
        'page' => $page, 'limit' => 30, 'signature' => md5($merchant . getenv('APIGAMES_SECRET_KEY'))];
    $body = @file_get_contents(
        getenv('APIGAMES_BASE_URL') . "/merchant/$merchant/kiosgamer/project/detail",
        false,
        stream_context_create(['http' => ['method' => 'POST', 'header' => 'Content-Type: application/json',
            'content' => json_encode($fields), 'timeout' => 3, 'ignore_errors' => true]]),
    );
    if ($body === false || $body === '') {
        throw new RuntimeException('no reply');
    }
    $reply = json_decode($body, true);
    if ($reply === null && $body[0] === '{') {
        throw new RuntimeException('the reply is cut off');
    }
    return $reply;
}

try {
    $vouchers = [];
    for ($page = 1, $pages = 1; $page <= $pages; $page++) {
        $reply = call($page);
        if ($reply['rc'] !== 200) {
            throw new RuntimeException($reply['error_msg']);
        }
        $pages = $reply['data']['total_page'];
        foreach ($reply['data']['data']['vouchers'] ?? [] as $voucher) {
            $vouchers[$voucher['id']] = $voucher['voucher_code'];
        }
    }
    $counts = $reply['data']['data']['stats'];
    echo json_encode(['vouchers' => array_values($vouchers), 'counts' => $counts, 'error' => null]), "\n";
} catch (RuntimeException $error) {
    echo json_encode(['error' => $error->getMessage()]), "\n";
}
