<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

final class RedeemTest extends TestCase
{
    private Apigames $merchant;
    private Redeem $client;

    protected function setUp(): void
    {
        $this->merchant = Apigames::merchant();
        $this->client = new Redeem(Apigames::url(), $this->merchant->merchantId, $this->merchant->secretKey);
    }

    public function testAllPagesAreRead(): void
    {
        self::assertCount(45, $this->client->vouchers($this->merchant->project(45)));
        self::assertCount(2, $this->merchant->calls(2));
    }

    public function testAVoucherThatWasMovedIsSeen(): void
    {
        $projectId = $this->merchant->project(3);
        $this->merchant->move($projectId, 'success', ['from' => 'pending', 'count' => 1]);
        self::assertSame([0, 0, 1], self::sorted(array_column($this->client->vouchers($projectId), 'status')));
    }

    public function testAProxyInTroubleIsToldAndNoList(): void
    {
        $projectId = $this->merchant->project(1);
        $this->merchant->faults(['fault' => 'html_502', 'times' => 1]);
        $this->expectExceptionMessage('no JSON');
        $this->client->vouchers($projectId);
    }

    public function testTheVendorsWordsAreTold(): void
    {
        $client = new Redeem(Apigames::url(), $this->merchant->merchantId, 'another secret');
        $this->expectExceptionMessage('Signature Not Valid');
        $client->vouchers($this->merchant->project(1));
    }

    public function testSubmittedCodesAreListed(): void
    {
        $codes = ['AAA111BBB222CCC', 'DDD333EEE444FFF'];
        $projectId = $this->client->submit($codes);
        self::assertSame($codes, self::sorted(array_column($this->client->vouchers($projectId), 'voucher_code')));
    }

    public function testALostReplyIsNotSubmittedAgain(): void
    {
        foreach ([true, false] as $n => $carriedOut) {
            $lost = ['fault' => 'close_before', 'carried_out' => $carriedOut, 'operation' => 'redeem_bulk'];
            $this->merchant->faults($lost);
            self::assertNull($this->client->submit(["AAA111BBB222CC$n"]));
            self::assertCount($n + 1, $this->merchant->calls($n + 1));
        }
    }

    private static function sorted(array $values): array
    {
        sort($values);

        return $values;
    }
}
