//! A boefje brings a file home, and normalizers run.

use hinny_core::event::EventOutcome;
use serde_json::{Value, json};

use super::harness::OpenKat;

/// What Bytes says of a raw file.
fn received(run: &str, mime_types: &[&str], ended_at: &str) -> Value {
    let mime_types: Vec<_> = mime_types.iter().map(|value| json!({"value": value})).collect();
    json!({
        "event_id": "raw_file_received", "created_at": "2026-02-02T02:38:32.955991Z",
        "organization": "org-1",
        "raw_data": {
            "id": "d1e0a6ad-730d-4104-b230-2a5a73956e56", "mime_types": mime_types,
            "boefje_meta": {
                "id": run, "started_at": "2026-02-02T01:00:00Z", "ended_at": ended_at,
                "boefje": {"id": "dns-records", "version": null},
                "input_ooi": "Hostname|internet|example.com", "arguments": {},
                "organization": "org-1", "runnable_hash": "f8f5", "environment": {},
            },
            "secure_hash": null, "signing_provider_url": null, "hash_retrieval_link": null,
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_file_becomes_tasks_the_oldest_file_first() {
    let kat = OpenKat::start().await;
    kat.katalogus.normalizer("org-1", "kat_dns_normalize", "boefje/dns-records");
    kat.katalogus.normalizer("org-1", "kat_text", "text/plain");
    let run = |n: u32| format!("9b83a6ad-730d-4104-b230-2a5a7395600{n}");
    for (n, mime_types, ended_at, expected) in [
        (1, &["boefje/dns-records"][..], "2026-02-02T02:30:00Z", 1),
        (2, &["text/plain", "boefje/dns-records"], "2026-02-02T02:20:00Z", 2),
        (3, &["error/boefje", "text/plain"], "2026-02-02T02:10:00Z", 0),
        (4, &["image/png"], "2026-02-02T02:10:00Z", 0),
    ] {
        let body = received(&run(n), mime_types, ended_at).to_string();
        let outcome = kat.message("raw_file_received", &body).await;
        let handled = EventOutcome::Handled { pushed: expected, duplicates: 0, cancelled: 0 };
        assert_eq!(outcome, handled, "{mime_types:?}");
    }
    let tasks = kat.pop_all("normalizer").await;
    let seen: Vec<_> = tasks
        .iter()
        .map(|task| {
            let data = &task["data"];
            assert_eq!((&data["id"], &task["schedule_id"]), (&task["id"], &Value::Null));
            (data["raw_data"]["boefje_meta"]["id"].clone(), data["normalizer"]["id"].clone())
        })
        .collect();
    assert_eq!(seen.len(), 3);
    assert!(seen[..2].iter().all(|(of, _)| *of == run(2)), "the oldest first: {seen:?}");
    assert_eq!(seen[2], (json!(run(1)), json!("kat_dns_normalize")));
    kat.host.stop().await;
}
