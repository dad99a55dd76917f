<?php
// Habit: the first code is a success, so all of them are.
require __DIR__ . '/vendor.php';

try {
    $projectId = submit();
    $error = 'not finished yet';
    for ($polls = 0; $polls < MOST_POLLS; $polls++) {
        try {
            [$seen, $isOpen] = look($projectId);
            if (!$isOpen) {
                say(allAre($seen[CODES[0]]));
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
