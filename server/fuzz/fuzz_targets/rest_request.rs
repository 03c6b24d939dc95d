#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wigwag_server::api::rest::fuzzing::rest_request(bytes));
