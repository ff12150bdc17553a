//! The filter language: a query in the first line, a body in the others, down to the statements.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let query = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let body = parts.next().unwrap_or_default();
    if let Some(tasks) = hinny_api::fuzzing::task_list(&query, body) {
        hinny_store::fuzzing::tasks(&tasks);
    }
});
