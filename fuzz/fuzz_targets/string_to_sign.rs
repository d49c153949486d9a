#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracles::ask("string_to_sign", data));
