#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wigwag_net::forwarded::fuzzing::forwarded(bytes));
