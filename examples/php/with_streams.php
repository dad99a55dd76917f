<?php
// Lists a project's vouchers, page by page, with PHP's own streams (nothing to install).
//
//     APIGAMES_BASE_URL=http://127.0.0.1:8787 php with_streams.php

$baseUrl = getenv('APIGAMES_BASE_URL') ?: 'https://v1.apigames.id';
$merchantId = getenv('APIGAMES_MERCHANT_ID') ?: 'M240315GAME2847K';
$secretKey = getenv('APIGAMES_SECRET_KEY') ?: 'apigames-mock-secret';
$projectId = getenv('APIGAMES_PROJECT_ID') ?: 'R250101DEMO000137';

function vouchers(string $status = ''): array
{
    global $baseUrl, $merchantId, $secretKey, $projectId;
    $found = [];
    for ($page = 1; ; $page++) {
        $context = stream_context_create(['http' => [
            'method' => 'POST',
            'header' => 'Content-Type: application/json',
            'content' => json_encode([
                'projectid' => $projectId,
                'status' => $status,
                'page' => $page,
                'limit' => 30,
                'signature' => md5($merchantId . $secretKey),
            ]),
            'timeout' => 10,
            // An error comes with HTTP 400 or 500, and its body says which.
            'ignore_errors' => true,
        ]]);
        $text = file_get_contents("$baseUrl/merchant/$merchantId/kiosgamer/project/detail", false, $context);
        $reply = json_decode($text, true, 512, JSON_THROW_ON_ERROR);
        if ($reply['status'] !== 1) {
            throw new RuntimeException("{$reply['rc']}: {$reply['error_msg']}");
        }
        $listed = $reply['data']['data']['vouchers'] ?? [];
        array_push($found, ...$listed);
        if (!$listed || $page >= $reply['data']['total_page']) {
            return $found;
        }
    }
}

$everything = vouchers();
$pending = vouchers('0');
echo count($everything), ' vouchers, ', count($pending), ' pending, newest ', $everything[0]['voucher_code'], "\n";
