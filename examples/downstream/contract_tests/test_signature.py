from redemptions.client import Client

import mockserver


def test_we_sign_as_the_page_says(apigames: mockserver.FakeMerchant) -> None:
    assert apigames.signature == mockserver.sign(apigames.merchant_id, apigames.secret_key)
    assert Client(apigames.merchant_id, apigames.secret_key).signature == apigames.signature
