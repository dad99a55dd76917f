<?php

declare(strict_types=1);

use Illuminate\Http\Client\ConnectionException;
use Illuminate\Support\Facades\Http;

// A small client with Laravel's Http: yours, in a real project.
final class Redeem
{
    public function __construct(private string $url, private string $merchantId, private string $secretKey)
    {
    }

    /** Submit codes; return the project_id, or null when no reply says whether they were taken: then never submit again. */
    public function submit(array $codes): ?string
    {
        try {
            return $this->ask('redem/bulk', ['kode_voucher' => base64_encode(implode("\n", $codes))])['project_id'];
        } catch (ConnectionException) {
            return null;
        }
    }

    public function vouchers(string $projectId): array
    {
        $found = [];
        for ($page = 1, $pages = 1; $page <= $pages; $page++) {
            $listed = $this->ask('project/detail', ['projectid' => $projectId, 'status' => '', 'page' => $page, 'limit' => 30]);
            $found = [...$found, ...($listed['data']['vouchers'] ?? [])];
            $pages = $listed['total_page'];
        }

        return $found;
    }

    private function ask(string $call, array $fields): array
    {
        $signed = [...$fields, 'signature' => md5($this->merchantId . $this->secretKey)];
        // The HTTP status says nothing that is documented: `status` and `error_msg` do.
        $reply = Http::timeout(10)->post("{$this->url}/merchant/{$this->merchantId}/kiosgamer/$call", $signed)->json();
        if (($reply['status'] ?? null) !== 1) {
            throw new RuntimeException($reply['error_msg'] ?? 'no JSON');
        }

        return $reply['data'];
    }
}
