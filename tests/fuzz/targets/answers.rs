//! What guests answer, before the host believes it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hinny_plugins::fuzzing::answers(bytes));
