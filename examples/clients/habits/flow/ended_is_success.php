<?php
// Habit: what is open no more is booked as a success, and codes that failed with it.
require __DIR__ . '/vendor.php';

try {
    $projectId = submit();
    $error = 'not finished yet';
    for ($polls = 0; $polls < MOST_POLLS; $polls++) {
        try {
            [, $isOpen] = look($projectId);
            if (!$isOpen) {
                say(allAre('success'));
                exit;
            }
        } catch (NoAnswer | Refused $failed) {
            $error = $failed->getMessage();
        }
        pause();
    }
    say(allAre('pending'), $error);
} catch (NoAnswer $lost) {
    say(allAre('unknown'), $lost->getMessage());
} catch (Refused $refused) {
    say(allAre('refused'), $refused->getMessage());
}
