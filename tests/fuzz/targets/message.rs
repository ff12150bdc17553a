//! Messages: as the API takes them, as a broker delivers them, as plugins read them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hinny_listeners::fuzzing::delivery(bytes);
    for message in hinny_api::fuzzing::messages(bytes) {
        openkat_boefje::fuzzing::message(&message.body);
        openkat_normalizer::fuzzing::message(&message.body);
    }
    // A broker sends what is no JSON, too.
    openkat_boefje::fuzzing::message(bytes);
    openkat_normalizer::fuzzing::message(bytes);
});
