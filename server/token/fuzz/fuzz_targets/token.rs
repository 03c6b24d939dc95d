#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wigwag_token::fuzzing::token(bytes));
