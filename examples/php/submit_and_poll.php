<?php
// Submits voucher codes, then polls until each is finished, with PHP's own streams (nothing to install).
//
//     APIGAMES_BASE_URL=http://127.0.0.1:8787 php submit_and_poll.php CODE1 CODE2
//
// The mock finishes them within seconds when it is started as `apigames-mock serve --plan timed`.

// The numbers behind the names of `stats`, in their order.
const STATUSES = ['pending', 'success', 'process', 'error_engine', 'error_voucher'];
const MOST_POLLS = 60;

class Refused extends RuntimeException {}

/** Returns `data` of a success, which is rc 0 for a submission and rc 200 for a status. */
function call(string $path, int $rc, array $fields): array
{
    $merchantId = getenv('APIGAMES_MERCHANT_ID') ?: 'M240315GAME2847K';
    $secretKey = getenv('APIGAMES_SECRET_KEY') ?: 'apigames-mock-secret';
    $baseUrl = getenv('APIGAMES_BASE_URL') ?: 'https://v1.apigames.id';
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => 'Content-Type: application/json',
        'content' => json_encode($fields + ['signature' => md5($merchantId . $secretKey)]),
        'timeout' => 10,
        // A refusal comes with HTTP 400 or 500, and its body says which.
        'ignore_errors' => true,
    ]]);
    $text = @file_get_contents("$baseUrl/merchant/$merchantId/kiosgamer/$path", false, $context);
    $reply = json_decode((string) $text, true, 512, JSON_THROW_ON_ERROR);
    if ($reply['rc'] !== $rc) {
        throw new Refused("{$reply['rc']}: {$reply['error_msg']}");
    }
    return $reply['data'];
}

function submit(array $codes): string
{
    try {
        return call('redem/bulk', 0, ['kode_voucher' => base64_encode(implode("\n", $codes))])['project_id'];
    } catch (JsonException) {
        // Never submit again: the list may have been taken, and its codes would count twice.
        fwrite(STDERR, "no reply: ask the vendor what became of these codes\n");
        exit(1);
    }
}

/** Returns the status of each code, and whether any was open before all of them were read. */
function look(string $projectId): array
{
    $found = [];
    for ($page = 1, $pages = 1, $open = 0; $page <= $pages; $page++) {
        $asked = ['projectid' => $projectId, 'status' => '', 'page' => $page, 'limit' => 30];
        $data = call('project/detail', 200, $asked);
        $pages = $data['total_page'];
        if ($page === 1) {
            $open = $data['data']['stats']['pending'] + $data['data']['stats']['process'];
        }
        foreach ($data['data']['vouchers'] ?? [] as $voucher) {
            $found[$voucher['voucher_code']] = STATUSES[$voucher['status']];
        }
    }
    return [$found, $open > 0];
}

$projectId = submit(array_slice($argv, 1));
echo "project $projectId\n"; // kept before anything else
$found = [];
for ($polls = 0; $polls < MOST_POLLS; $polls++) {
    try {
        [$found, $isOpen] = look($projectId);
        if (!$isOpen) {
            break;
        }
    } catch (JsonException | Refused $failed) {
        fwrite(STDERR, "one status call failed, and says nothing of the codes: {$failed->getMessage()}\n");
    }
    usleep((int) (1e6 * (float) (getenv('APIGAMES_POLL_SECONDS') ?: 5)));
}
foreach ($found as $code => $status) {
    echo "$code $status\n";
}
