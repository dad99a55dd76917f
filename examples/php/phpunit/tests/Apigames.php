<?php

declare(strict_types=1);

// Copy this file into your tests. One mock serves a run; each test makes a merchant of its own, over the admin API.
final class Apigames
{
    private static $mock = null;
    private static string $url = '';

    private function __construct(public readonly string $merchantId, public readonly string $secretKey)
    {
    }

    public static function url(): string
    {
        if (self::$mock === null) {
            $streams = [1 => ['pipe', 'w'], 2 => ['file', '/dev/null', 'w']];
            self::$mock = proc_open(['apigames-mock', 'serve', '--port', '0'], $streams, $pipes);
            self::$url = trim((string) fgets($pipes[1])); // the first line that it prints, once it answers
            register_shutdown_function(fn () => proc_terminate(self::$mock));
        }

        return self::$url;
    }

    public static function merchant(): self
    {
        $made = self::admin('POST', '/merchants', new stdClass());

        return new self($made['merchant_id'], $made['secret_key']);
    }

    /** Make a project of so many pending vouchers; return its project_id. */
    public function project(int $count): string
    {
        $body = ['vouchers' => ['generate' => ['count' => $count]]];

        return self::admin('POST', "/merchants/{$this->merchantId}/projects", $body)['project_id'];
    }

    /** Move vouchers of a project: all of them, or the oldest `count` of those in the status `from`. */
    public function move(string $projectId, string $to, array $which = []): void
    {
        self::admin('PATCH', "/projects/$projectId/vouchers", ['to' => $to, ...$which]);
    }

    /** Put these faults in place of those before, as ['fault' => 'html_502', 'times' => 1]; none clears them. */
    public function faults(array ...$faults): void
    {
        self::admin('PUT', "/faults?merchant_id={$this->merchantId}", ['faults' => $faults]);
    }

    /** Put this merchant's clock forward. */
    public function advance(float $seconds): void
    {
        self::admin('POST', "/clock?merchant_id={$this->merchantId}", ['advance' => $seconds]);
    }

    /** Wait until so many calls have arrived, at most so many seconds; return them, the newest first. */
    public function calls(int $count = 0, int $seconds = 5): array
    {
        $wait = $count > 0 ? "&count=$count&wait=$seconds" : '';

        return self::admin('GET', "/requests?merchant_id={$this->merchantId}$wait")['requests'];
    }

    private static function admin(string $method, string $path, array|stdClass|null $body = null): array
    {
        $content = $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR);
        $context = stream_context_create(['http' => [
            'method' => $method, 'content' => $content, 'header' => 'Content-Type: application/json', 'ignore_errors' => true,
        ]]);
        $reply = json_decode(file_get_contents(self::url() . "/__admin$path", false, $context), true);

        return isset($reply['detail']) ? throw new RuntimeException("$method $path: {$reply['detail']}") : $reply;
    }
}
