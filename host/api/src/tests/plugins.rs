//! Versions of plugins, and the slots that they fill.

use axum::body::Body;
use serde_json::Value;

use super::{TestApi, problem, request};

const RANKER: &str = "/slots/jobs/ranker";

async fn with_versions(count: usize) -> TestApi {
    let api = TestApi::new();
    for _ in 0..count {
        assert_eq!(api.post("/plugins", "good component").await.status, 201);
    }
    api
}

#[tokio::test]
async fn an_uploaded_plugin_is_answered_with_its_verdict() {
    let api = with_versions(1).await;
    let version = api.get("/plugins").await.json()[0].clone();
    assert_eq!((&version["name"], &version["world"]), (&"decay".into(), &"ranker".into()));
    assert_eq!((&version["uploaded_by"], &version["size"]), (&"anonymous".into(), &14.into()));
    assert_eq!(version["verdict"]["checks"][0]["passed"], true);
    let uri = format!("/plugins/{}", version["digest"].as_str().unwrap());
    assert_eq!(api.get(&uri).await.json(), version);
}

#[tokio::test]
async fn a_refused_plugin_is_answered_with_the_failed_check() {
    let answer = TestApi::new().post("/plugins", "bad").await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.detail(),
        "plugin refused at check `parse`: not a component; build it as one"
    );
    assert_eq!(answer.json()["verdict"]["accepted"], false);
}

#[tokio::test]
async fn a_check_keeps_nothing_and_is_ok_either_way() {
    let api = TestApi::new();
    for (component, accepted) in [("good", true), ("bad", false)] {
        let answer = api.post("/plugins/check", component).await;
        assert_eq!((answer.status, &answer.json()["accepted"]), (200, &accepted.into()));
    }
    assert_eq!(api.get("/plugins").await.text, "[]");
    assert_eq!(api.post("/plugins", "").await.problems(), [problem("missing", "body")]);
}

#[tokio::test]
async fn a_plugin_over_the_limit_is_refused_with_both_sizes() {
    let api = TestApi::with(|state| state.limits.plugin_bytes_max = 10);
    let answer = api.post("/plugins", "good component").await;
    assert_eq!(answer.status, 413);
    assert!(
        answer.detail().starts_with(
            "Payload too large: the body has more than 10 bytes, the limit is 10 bytes;"
        ),
        "{}",
        answer.detail()
    );
}

#[tokio::test]
async fn versions_are_activated_by_name_and_rolled_back() {
    let api = with_versions(2).await;
    let activate = format!("{RANKER}/activate");
    for version in ["1.0.0", "1.1.0"] {
        let body = format!(r#"{{"plugin": "decay@{version}", "settings": {{"days": 7}}}}"#);
        let answer = api.post(&activate, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let slot = api.get(RANKER).await.json();
    assert_eq!((&slot["slot"], &slot["active"]["generation"]), (&"jobs/ranker".into(), &2.into()));
    assert_eq!(slot["active"]["settings"]["days"], 7);
    let answer = api.post(&format!("{RANKER}/rollback"), "").await.json();
    assert_eq!((&answer["generation"], &answer["by"]), (&3.into(), &"anonymous".into()));
    let activations = api.get(&format!("{RANKER}/activations")).await.json();
    assert_eq!(activations["results"].as_array().unwrap().len(), 3);
    assert_eq!(activations["results"][0]["digest"], activations["results"][2]["digest"]);
}

#[tokio::test]
async fn a_version_is_tried_on_a_share_that_makes_sense() {
    let api = with_versions(1).await;
    let activate = format!("{RANKER}/activate");
    let tried = r#"{"plugin": "decay", "stage": "canary 5%", "force": true}"#;
    let answer = api.post(&activate, tried).await.json();
    assert_eq!((&answer["stage"], &answer["forced"]), (&"canary 5%".into(), &true.into()));
    for stage in ["canary", "canary 100%", "dark"] {
        let body = format!(r#"{{"plugin": "decay", "stage": "{stage}"}}"#);
        let answer = api.post(&activate, &body).await;
        assert_eq!(answer.problems(), [problem("value_error", "body.stage")], "{stage}");
    }
}

#[tokio::test]
async fn a_name_that_means_two_versions_is_a_conflict_that_lists_them() {
    let api = with_versions(2).await;
    let answer = api.post(&format!("{RANKER}/activate"), r#"{"plugin": "decay"}"#).await;
    assert_eq!(answer.status, 409);
    assert!(answer.detail().contains("(decay@1.0.0), sha256:0101"), "{}", answer.detail());
}

#[tokio::test]
async fn what_is_unknown_is_named() {
    let api = with_versions(1).await;
    let answer = api.post(&format!("{RANKER}/activate"), r#"{"plugin": "other"}"#).await;
    assert_eq!(answer.status, 404);
    assert!(answer.detail().starts_with("Resource not found: no plugin version `other`"));
    let answer = api.get("/slots/nope/ranker").await;
    assert_eq!((answer.status, answer.detail().contains("no slot `nope/ranker`")), (404, true));
    assert_eq!(api.get("/slots/jobs/rank").await.problems(), [problem("enum", "path.world")]);
    assert_eq!(
        api.get("/plugins/sha256:1").await.problems(),
        [problem("value_error", "path.digest")]
    );
    let unknown = format!("/plugins/sha256:{}", "f".repeat(64));
    assert_eq!(api.get(&unknown).await.status, 404);
    assert_eq!(api.post(&format!("{RANKER}/rollback"), "").await.status, 409);
}

const PREVIEW: &str = "/plugins/preview?scheduler_id=jobs";

#[tokio::test]
async fn a_preview_of_a_version_or_of_a_component_says_what_would_move() {
    let api = with_versions(2).await;
    let kept = format!("{PREVIEW}&plugin=decay@1.1.0&movers=2&settings=%7B%22days%22%3A3%7D");
    let preview = api.post(&kept, "").await.json();
    assert_eq!(preview["candidate"], r#"kept 1 with {"days":3}"#);
    assert_eq!((&preview["scheduler_id"], &preview["current"]), (&"jobs".into(), &Value::Null));
    assert_eq!((&preview["tasks"], &preview["kendall_tau"]), (&3.into(), &(-0.25).into()));
    assert_eq!(preview["forward"].as_array().unwrap().len(), 2);
    assert_eq!(preview["forward"][1]["candidate_explanation"]["terms"][0]["label"], "age");
    assert_eq!(api.post(PREVIEW, "good component").await.json()["candidate"], "sent along");
    assert_eq!(api.get("/plugins").await.json().as_array().unwrap().len(), 2, "none is kept");
}

#[tokio::test]
async fn a_preview_for_people_is_a_text() {
    let api = with_versions(1).await;
    let uri = format!("{PREVIEW}&plugin=decay&movers=1");
    let asked = request("POST", &uri).header("accept", "text/plain");
    let answer = api.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(
        answer.text,
        "`kept 0` instead of `the host's own rule` in the queue of `jobs`:\n\
         3 of 3 tasks would move\n\
         Kendall's tau -0.250 (1: the same order, -1: the reverse)\n\
         of the first 10, 9 are the same\n\
         the 1 that wait longest are at 0 % of the queue on average, and would be at 50 %\n\
         \n\
         whose work the next pops are, now and then:\n\
         \u{20}      3      3  acme\n\
         \n\
         furthest forward:\n\
         \u{20} 00000000-0000-0000-0000-000000000000 from 9 to 1, priority 9 -> 1\n\
         \u{20}   then: +10 age\n\
         \n\
         furthest back:\n\
         \u{20} 00000000-0000-0000-0000-000000000063 from 1 to 2, priority 1 -> 2\n\
         \u{20}   then: +10 age\n"
    );
}

#[tokio::test]
async fn a_preview_of_nothing_or_of_two_things_is_refused() {
    let api = with_versions(1).await;
    assert_eq!(api.post(PREVIEW, "").await.problems(), [problem("missing", "query.plugin")]);
    let both = api.post(&format!("{PREVIEW}&plugin=decay"), "good component").await;
    assert_eq!(both.problems(), [problem("value_error", "query.plugin")]);
    let settings = api.post(&format!("{PREVIEW}&plugin=decay&settings=%7B"), "").await;
    assert_eq!(settings.problems(), [problem("json_invalid", "query.settings")]);
    let nowhere = api.post("/plugins/preview?plugin=decay", "").await;
    assert_eq!(nowhere.problems(), [problem("missing", "query.scheduler_id")]);
    assert_eq!(api.post(&format!("{PREVIEW}&plugin=other"), "").await.status, 404);
    assert_eq!(api.post(PREVIEW, "bad").await.status, 422);
    let unknown = api.post("/plugins/preview?scheduler_id=nope&plugin=decay", "").await;
    assert_eq!((unknown.status, unknown.detail().contains("no slot `nope/ranker`")), (404, true));
}

#[tokio::test]
async fn lines_are_told_with_who_wrote_them_in_which_call() {
    let api = TestApi::new();
    let uri = "/slots/jobs/scheduler/lines?after=5&limit=5000&wait=1.5";
    let lines = api.get(uri).await.json();
    assert_eq!((&lines["last"], &lines["gone"]), (&8.into(), &3.into()));
    let line = &lines["lines"][0];
    assert_eq!(line["text"], "after Some(5), 1000 at most, within 1.5s");
    assert_eq!((&line["level"], &line["generation"]), (&"warn".into(), &2.into()));
    assert_eq!((&line["function"], &line["number"]), (&"handle".into(), &8.into()));
    assert!(line["digest"].as_str().unwrap().starts_with("sha256:0707"));
    let usual = api.get("/slots/jobs/scheduler/lines").await.json();
    assert_eq!(usual["lines"][0]["text"], "after None, 100 at most, within 0ns");
}

#[tokio::test]
async fn lines_of_rankers_and_waits_that_are_too_long_are_refused() {
    let api = TestApi::new();
    let answer = api.get("/slots/jobs/ranker/lines").await;
    assert_eq!(answer.status, 400);
    assert!(answer.detail().contains("rankers, which write no lines"), "{}", answer.detail());
    assert_eq!(api.get("/slots/jobs/scheduler/lines?wait=61").await.status, 422);
    assert_eq!(api.get("/slots/other/scheduler/lines").await.status, 404);
}
