<?php
// Habit: no reply, so once more; and "Voucher ini double", which is about its own first try, is booked as a failure.
require __DIR__ . '/vendor.php';

try {
    try {
        $projectId = submit();
    } catch (NoAnswer) {
        $projectId = submit();
    }
    poll($projectId);
} catch (NoAnswer $lost) {
    say(allAre('unknown'), $lost->getMessage());
} catch (Refused $refused) {
    say(allAre('refused'), $refused->getMessage());
}
