//! Components that somebody uploads, up to where they would be compiled.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hinny_plugins::fuzzing::upload(bytes));
