#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracles::ask("access_key_id", data));
