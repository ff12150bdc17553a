//! Messages that the host keeps.

use hinny_core::{
    EventId,
    event::{EventState, KeptEvent},
    trigger::Message,
};

use super::{TestApi, fakes::now, jobs};

const ONE: &str = "/quarantine/jobs/00000000-0000-0000-0000-000000000001";
const TWO: &str = "/quarantine/jobs/00000000-0000-0000-0000-000000000002";

fn kept(number: u128, state: EventState, body: &[u8]) -> KeptEvent {
    KeptEvent {
        message: Message {
            id: EventId(uuid::Uuid::from_u128(number)),
            source: "hosts".to_owned(),
            at: now(),
            content_type: "application/json".to_owned(),
            body: body.to_vec(),
            attributes: vec![("k".to_owned(), "v".to_owned())],
            delivery: 3,
        },
        scheduler: jobs(),
        state,
        retry_at: (state == EventState::Waiting).then(now),
        reason: "no host named".to_owned(),
    }
}

fn with_kept() -> TestApi {
    let api = TestApi::new();
    api.host.kept.lock().unwrap().extend([
        kept(1, EventState::Quarantined, b"{}"),
        kept(2, EventState::Waiting, &[0xff, 0x00]),
    ]);
    api
}

#[tokio::test]
async fn kept_messages_are_listed_by_state() {
    let api = with_kept();
    assert_eq!(api.get("/quarantine").await.json()["count"], 2);
    let list = api.get("/quarantine?state=quarantined&scheduler_id=jobs").await.json();
    assert_eq!(
        list["results"][0].to_string(),
        r#"{"content_type":"application/json","delivery":3,"id":"00000000-0000-0000-0000-000000000001","reason":"no host named","received_at":"2026-11-24T01:30:00Z","retry_at":null,"scheduler_id":"jobs","size":2,"source":"hosts","state":"quarantined"}"#
    );
}

#[tokio::test]
async fn a_body_is_shown_as_text_when_it_is_text() {
    let api = with_kept();
    let text = api.get(ONE).await.json();
    assert_eq!((&text["body_encoding"], &text["body"]), (&"text".into(), &"{}".into()));
    assert_eq!(text["attributes"][0]["name"], "k");
    let bytes = api.get(TWO).await.json();
    assert_eq!((&bytes["body_encoding"], &bytes["body"]), (&"base64".into(), &"/wA=".into()));
}

#[tokio::test]
async fn a_kept_message_is_replayed_or_dropped_and_then_unknown() {
    let api = with_kept();
    let answer = api.post(&format!("{ONE}/replay"), "").await;
    assert_eq!(
        answer.text,
        r#"{"scheduler_id":"jobs","outcome":"handled","pushed":1,"duplicates":0,"cancelled":0}"#
    );
    assert_eq!(api.call("DELETE", ONE, "").await.status, 204);
    for (method, uri) in
        [("GET", ONE.to_owned()), ("DELETE", ONE.to_owned()), ("POST", format!("{ONE}/replay"))]
    {
        let answer = api.call(method, &uri, "").await;
        assert_eq!(answer.status, 404, "{method}");
        assert!(answer.detail().starts_with("Resource not found: no kept event `00000000"));
    }
    assert_eq!(api.get(TWO).await.status, 200);
}
