<?php

// In a Laravel application `Http` is there already; here it is made.
require __DIR__ . '/../vendor/autoload.php';

Illuminate\Support\Facades\Http::swap(new Illuminate\Http\Client\Factory());
