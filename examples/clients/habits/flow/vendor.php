<?php
// What the clients of this folder share: both calls, careful about everything. The habits are in the others.

const TIMEOUT = 3.0;
const MOST_POLLS = 20;
const STATUSES = ['pending', 'success', 'process', 'error_engine', 'error_voucher'];
define('CODES', array_values(array_unique(array_filter(explode("\n", getenv('APIGAMES_VOUCHERS'))))));

class NoAnswer extends Exception {}
class Refused extends Exception {}

function call(string $path, int $rc, array $fields): array
{
    $merchant = getenv('APIGAMES_MERCHANT_ID');
    $fields['session_key'] = (string) getenv('APIGAMES_SESSION_KEY');
    $fields['signature'] = md5($merchant . getenv('APIGAMES_SECRET_KEY'));
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => "Content-Type: application/json\r\nConnection: close",
        'content' => json_encode($fields),
        'timeout' => TIMEOUT,
        'ignore_errors' => true,
    ]]);
    $until = microtime(true) + TIMEOUT;
    $stream = @fopen(getenv('APIGAMES_BASE_URL') . "/merchant/$merchant/kiosgamer/$path", 'r', false, $context);
    $body = '';
    while ($stream !== false && !feof($stream) && microtime(true) < $until) {
        $body .= fread($stream, 65536);
    }
    $reply = json_decode($body, true);
    if (!is_array($reply)) {
        throw new NoAnswer('no whole reply');
    }
    if ($reply['rc'] !== $rc) {
        throw new Refused($reply['error_msg'] ?? 'no error_msg');
    }
    return $reply['data'];
}

function submit(): string
{
    return call('redem/bulk', 0, ['kode_voucher' => base64_encode(implode("\n", CODES))])['project_id'];
}

/** The status of each code, and whether any was open before all of them were read. */
function look(string $projectId): array
{
    $found = [];
    for ($page = 1, $pages = 1; $page <= $pages; $page++) {
        $asked = ['projectid' => $projectId, 'status' => '', 'page' => $page, 'limit' => 30];
        $data = call('project/detail', 200, $asked);
        $pages = $data['total_page'];
        $open = $page === 1 ? $data['data']['stats']['pending'] + $data['data']['stats']['process'] : $open;
        foreach ($data['data']['vouchers'] ?? [] as $voucher) {
            $found[$voucher['voucher_code']] = STATUSES[$voucher['status']];
        }
    }
    return [$found, $open > 0];
}

function poll(string $projectId): void
{
    $seen = allAre('pending');
    $error = 'not finished yet';
    for ($polls = 0; $polls < MOST_POLLS; $polls++) {
        try {
            [$seen, $isOpen] = look($projectId);
            if (!$isOpen) {
                say($seen);
                return;
            }
            $error = 'not finished yet';
        } catch (NoAnswer | Refused $failed) {
            $error = $failed->getMessage();
        }
        pause();
    }
    say($seen, $error);
}

function pause(): void
{
    usleep((int) (1e6 * (float) (getenv('APIGAMES_POLL_SECONDS') ?: 5)));
}

function allAre(string $word): array
{
    return array_fill_keys(CODES, $word);
}

function say(array $codes, ?string $error = null): void
{
    echo json_encode(['codes' => $codes, 'error' => $error]), "\n";
}
