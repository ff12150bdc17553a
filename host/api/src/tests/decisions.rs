//! What rankers decided, and what another would have decided.

use axum::body::Body;
use hinny_core::plugin::CandidateSource;
use serde_json::json;

use super::{Answer, TestApi, problem, request};

const REPLAY: &str = "/plugins/replay?scheduler_id=jobs";

async fn as_text(api: &TestApi, uri: &str, body: &'static str) -> Answer {
    let asked = request("POST", uri).header("accept", "text/plain");
    api.send(asked.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn what_is_recorded_is_told_by_scheduler() {
    let api = TestApi::new();
    let recorded = api.get("/plugins/decisions").await.json();
    assert_eq!(
        recorded["schedulers"],
        json!([{
            "scheduler_id": "jobs", "from": "1970-01-01T00:00:00Z", "to": super::NOW,
            "batches": 2, "tasks": 10, "bytes": 90,
            "missed": {"lost": 1, "left_out": 2, "failed": 3},
        }])
    );
    assert_eq!((&recorded["directory"], &recorded["bytes"]), (&"d".into(), &108.into()));
    assert_eq!(recorded["damages"][0]["at"], 18);
    *api.host.is_down.lock().unwrap() = true;
    let off = api.get("/plugins/decisions").await;
    assert_eq!((off.status, off.detail().contains("`plugins.decisions.size_max_mb`")), (409, true));
}

#[tokio::test]
async fn the_active_version_is_replayed_unless_another_is_named_or_sent() {
    let api = TestApi::new();
    api.post("/plugins", "good component").await;
    let exact = api.post(REPLAY, "").await;
    assert_eq!((&exact.json()["exact"], exact.header("hinny-exact")), (&true.into(), "true"));
    let named = format!(
        "{REPLAY}&plugin=decay&settings=%7B%22days%22%3A3%7D&batches=7&movers=500\
         &since=2026-01-31T12:00:00Z&until=2026-02-01"
    );
    let other = api.post(&named, "").await;
    assert_eq!((&other.json()["exact"], other.header("hinny-exact")), (&false.into(), "false"));
    let sent = api.post(REPLAY, "good component").await;
    assert_eq!((&sent.json()["exact"], sent.header("hinny-exact")), (&json!(null), ""));
    let asked = api.host.replays.lock().unwrap();
    let [active, named, sent] = &asked[..] else { panic!("{asked:?}") };
    assert!(active.source.is_none() && active.settings.is_none());
    assert!(matches!(named.source, Some(CandidateSource::Version(_))));
    assert_eq!(named.settings, Some(json!({"days": 3})));
    assert_eq!((named.options.batches_max, named.options.listed), (Some(7), 100));
    assert_eq!(named.options.since.unwrap().to_string(), "2026-01-31T12:00:00Z");
    assert_eq!(named.options.until.unwrap().to_string(), "2026-02-01T00:00:00Z");
    assert!(matches!(sent.source, Some(CandidateSource::Component(_))));
}

#[tokio::test]
async fn what_differs_is_answered_with_what_the_ranker_was_told() {
    let api = TestApi::new();
    api.post("/plugins", "good component").await;
    let replay = api.post(&format!("{REPLAY}&plugin=decay"), "").await.json();
    let expected = json!({
        "at": super::NOW, "generation": 3, "batch": 0, "place": 4, "recorded": 5, "replayed": 7,
        "inputs": {"level": 2, "team": "red", "until": null},
    });
    assert_eq!(replay["own"]["differences"], json!([expected]));
    assert_eq!(replay["forward"], json!([{"decision": expected, "from": 9, "to": 1}]));
    assert_eq!((&replay["micros_then"], &replay["micros_now"]), (&5.0.into(), &1.5.into()));
}

#[tokio::test]
async fn a_replay_for_people_is_a_text() {
    let api = TestApi::new();
    api.post("/plugins", "good component").await;
    let answer = as_text(&api, &format!("{REPLAY}&plugin=decay"), "").await;
    assert_eq!(
        answer.text,
        "`decay 1.0.0` on 10 tasks in 2 batches of `jobs`, decided from 1970-01-01T00:00:00Z to 2026-11-24T01:30:00Z:\n\
         9 get the same priority, 1 another one\n\
         NOT EXACT: of 6 tasks that it decided itself, 1 get another priority, and it failed on 0\n\
         it failed on 2 tasks in 1 batches: it trapped\n\
         it was not asked about 3 tasks in 1 batches: `/size` as integer was not recorded\n\
         `d/1.decisions` cannot be read from byte 18 on: a wrong checksum\n\
         a task took 5.000 µs then, and 1.500 µs now\n\
         2 of 10 would have another place; Kendall's tau 0.500 (1: the same order, -1: the reverse)\n\
         \n\
         not reproduced:\n\
         \u{20} priority 5 -> 7: task 4 of a batch at 2026-11-24T01:30:00Z by generation 3\n\
         \u{20}   level 2, team \"red\", until null\n\
         \n\
         furthest forward:\n\
         \u{20} from 9 to 1, priority 5 -> 7: task 4 of a batch at 2026-11-24T01:30:00Z by generation 3\n\
         \u{20}   level 2, team \"red\", until null\n"
    );
    assert_eq!(answer.header("hinny-exact"), "false");
    let exact = as_text(&api, REPLAY, "").await.text;
    assert!(exact.contains("\nexact: all 6 tasks that it decided itself get"), "{exact}");
    let other = as_text(&api, REPLAY, "good component").await.text;
    assert!(other.contains("\nnone of it was decided by this component"), "{other}");
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let api = TestApi::new();
    let nowhere = api.post("/plugins/replay", "").await;
    assert_eq!(nowhere.problems(), [problem("missing", "query.scheduler_id")]);
    let since = api.post(&format!("{REPLAY}&since=soon"), "").await;
    assert_eq!(since.problems(), [problem("datetime_from_date_parsing", "query.since")]);
    let both = api.post(&format!("{REPLAY}&plugin=decay"), "good component").await;
    assert_eq!(both.problems(), [problem("value_error", "query.plugin")]);
    assert_eq!(api.post(&format!("{REPLAY}&plugin=other"), "").await.status, 404);
}
