//! Signatures of plugins, and plugins that were not let in.

use axum::body::Body;
use hinny_core::{
    PluginDigest,
    plugin::{KeyFingerprint, Refusal, Signature},
};
use serde_json::json;

use super::{Answer, TestApi, fakes, problem, request};

/// A signature of the first version that is uploaded.
fn signature(key: u8) -> Signature {
    Signature { digest: PluginDigest([0; 32]), key: KeyFingerprint([key; 32]), bytes: [9; 64] }
}

async fn upload(api: &TestApi, signatures: &[String]) -> Answer {
    let mut sent = request("POST", "/plugins");
    for signature in signatures {
        sent = sent.header("hinny-signature", signature);
    }
    api.send(sent.body(Body::from("good component")).unwrap()).await
}

async fn put(api: &TestApi, digest: u8, body: &str) -> Answer {
    let uri = format!("/plugins/{}/signatures", PluginDigest([digest; 32]));
    api.send(request("PUT", &uri).body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_plugin_that_is_sent_with_its_signatures_is_answered_with_their_worth() {
    let api = TestApi::new();
    let both = [signature(2).to_string(), signature(1).to_string()];
    let answer = upload(&api, &both).await;
    assert_eq!(answer.status, 201);
    let version = answer.json();
    assert_eq!(version["signature"], "trusted", "the best of both counts");
    assert_eq!(version["signatures"][0]["state"], "unknown_key");
    let trusted = &version["signatures"][1];
    assert_eq!((&trusted["name"], &trusted["slots"]), (&json!("release"), &json!(["jobs/ranker"])));
    assert_eq!(trusted["key"], KeyFingerprint([1; 32]).to_string());
    assert_eq!(trusted["signed_by"], "anonymous");
    assert_eq!(api.get("/plugins").await.json()[0], version);
}

#[tokio::test]
async fn an_unsigned_plugin_is_kept_and_shown_as_that() {
    let api = TestApi::new();
    let version = upload(&api, &[]).await.json();
    assert_eq!((&version["signature"], &version["signatures"]), (&json!("unsigned"), &json!([])));
}

#[tokio::test]
async fn a_signature_may_follow_later() {
    let api = TestApi::new();
    upload(&api, &[]).await;
    let answer = put(&api, 0, &format!("{}\n", signature(1))).await;
    assert_eq!((answer.status, &answer.json()["signature"]), (200, &json!("trusted")));
}

#[tokio::test]
async fn what_is_no_signature_of_the_plugin_is_refused() {
    let api = TestApi::new();
    let unread = upload(&api, &["x".to_owned()]).await;
    assert_eq!(unread.problems(), [problem("value_error", "header.Hinny-Signature")]);
    assert_eq!(api.get("/plugins").await.text, "[]", "and nothing is kept");
    upload(&api, &[]).await;
    assert_eq!(put(&api, 0, "{}").await.problems(), [problem("value_error", "body")]);
    assert_eq!(put(&api, 0, &" ".repeat(5_000)).await.status, 413);
    let other = put(&api, 1, &signature(1).to_string()).await;
    assert_eq!(other.status, 400);
    assert!(other.detail().contains("it was sent for `sha256:0101"), "{}", other.detail());
    let wrong = Signature { bytes: [0; 64], ..signature(1) };
    assert_eq!(put(&api, 0, &wrong.to_string()).await.status, 400);
}

#[tokio::test]
async fn what_was_not_let_in_is_listed() {
    let api = TestApi::new();
    let refusal = Refusal {
        at: fakes::now(),
        by: "ann".to_owned(),
        slot: None,
        plugin: "rank.wasm".to_owned(),
        wanted: "folder".to_owned(),
        reason: "it is not signed".to_owned(),
    };
    api.host.refusals.lock().unwrap().push(refusal);
    let listed = api.get("/plugins/refusals").await.json();
    assert_eq!(
        (&listed["results"][0]["plugin"], &listed["results"][0]["slot"]),
        (&json!("rank.wasm"), &json!(null))
    );
}
