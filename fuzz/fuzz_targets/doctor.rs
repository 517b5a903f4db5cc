#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eperm_fuzz::doctor(bytes));
