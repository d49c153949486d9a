#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracles::ask("sigv4_text", data));
