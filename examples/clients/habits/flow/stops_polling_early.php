<?php
// Habit: it asks once, some seconds later, and takes what it sees for the end.
require __DIR__ . '/vendor.php';

try {
    $projectId = submit();
    for ($tries = 0; $tries < MOST_POLLS; $tries++) {
        try {
            say(look($projectId)[0]);
            exit;
        } catch (NoAnswer | Refused) {
            pause();
        }
    }
    say(allAre('pending'), 'no status call was answered');
} catch (NoAnswer $lost) {
    say(allAre('unknown'), $lost->getMessage());
} catch (Refused $refused) {
    say(allAre('refused'), $refused->getMessage());
}
