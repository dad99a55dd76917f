<?php
// A careful client of the whole journey: it submits codes once, polls, and says what became of each.
// PHP 8, no extension but json.

const TIMEOUT = 3.0; // seconds that one call may take
const MOST_POLLS = 20; // what is open then is reported as open
// The numbers behind the names of `stats`, in their order.
const STATUSES = ['pending', 'success', 'process', 'error_engine', 'error_voucher'];

class NoAnswer extends Exception {} // no whole reply: the call may have been carried out, or not
class Refused extends Exception {} // the vendor said no: the message is its error_msg

function call(string $path, int $rc, array $fields): array
{
    $merchant = getenv('APIGAMES_MERCHANT_ID');
    $fields = ['session_key' => (string) getenv('APIGAMES_SESSION_KEY')] + $fields;
    $fields['signature'] = md5($merchant . getenv('APIGAMES_SECRET_KEY'));
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => "Content-Type: application/json\r\nConnection: close",
        'content' => json_encode($fields),
        'timeout' => TIMEOUT,
        'ignore_errors' => true, // a refusal has its envelope under HTTP 500
    ]]);
    $until = microtime(true) + TIMEOUT;
    $stream = @fopen(getenv('APIGAMES_BASE_URL') . "/merchant/$merchant/kiosgamer/$path", 'r', false, $context);
    if ($stream === false) {
        throw new NoAnswer('no reply: ' . (error_get_last()['message'] ?? 'unknown'));
    }
    $body = '';
    while (!feof($stream)) {
        $body .= fread($stream, 65536);
        if (microtime(true) > $until) { // a stream's own timeout starts anew with every byte
            throw new NoAnswer('no reply: the body did not come in time');
        }
    }
    $reply = json_decode($body, true);
    if (!is_array($reply) || !isset($reply['rc'])) {
        throw new NoAnswer('no whole JSON body');
    }
    if ($reply['rc'] !== $rc) { // 0 is the submit call's success: never test it as a truth
        throw new Refused($reply['error_msg'] ?? 'no error_msg');
    }
    return $reply['data'];
}

function pageOf(string $projectId, int $page): array
{
    return call('project/detail', 200, ['projectid' => $projectId, 'status' => '', 'page' => $page, 'limit' => 30]);
}

function poll(string $projectId, array $codes): array
{
    $seen = array_fill_keys($codes, 'pending');
    $error = null;
    for ($polls = 0; $polls < MOST_POLLS; $polls++) {
        try {
            $data = pageOf($projectId, 1);
            $open = $data['data']['stats']['pending'] + $data['data']['stats']['process'];
            for ($page = 1; ; $data = pageOf($projectId, ++$page)) {
                foreach ($data['data']['vouchers'] ?? [] as $voucher) {
                    $seen[$voucher['voucher_code']] = STATUSES[$voucher['status']];
                }
                if ($page >= $data['total_page']) {
                    break;
                }
            }
            if ($open === 0) { // every page was read after nothing was open any more
                return [$seen, null];
            }
            $error = 'not finished yet';
        } catch (NoAnswer | Refused $failed) { // says nothing of the codes, also where the project is not known yet
            $error = $failed->getMessage();
        }
        usleep((int) (1e6 * (float) (getenv('APIGAMES_POLL_SECONDS') ?: 5)));
    }
    return [$seen, $error];
}

$codes = array_values(array_unique(array_filter(explode("\n", getenv('APIGAMES_VOUCHERS')))));
try {
    $made = call('redem/bulk', 0, ['kode_voucher' => base64_encode(implode("\n", $codes))]);
    echo "project_id {$made['project_id']}\n"; // kept before anything else
    [$seen, $error] = poll($made['project_id'], $codes);
} catch (Refused $refused) {
    [$seen, $error] = [array_fill_keys($codes, 'refused'), $refused->getMessage()];
} catch (NoAnswer $lost) { // never again: the list may have been taken. A person asks the vendor.
    [$seen, $error] = [array_fill_keys($codes, 'unknown'), $lost->getMessage()];
}
echo json_encode(['codes' => $seen, 'error' => $error]), "\n";
