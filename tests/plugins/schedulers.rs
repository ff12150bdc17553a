//! The same scheduler plugin in every language commands, keeps and refuses the same.

use hinny_core::{
    EventId,
    scheduler::HandleFailure,
    trigger::{Message, Tick, Trigger},
};
use hinny_plugins::{Grants, Limits};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    guests::{draft, now},
    harness::{Rig, Setup, patient},
};

/// The examples that are the same as `rust-scheduler`.
const EXAMPLES: [&str; 3] = ["python-scheduler", "javascript-scheduler", "c-scheduler"];

/// Without optimisation of the engine itself, an interpreter takes a minute to compile. No service is
/// granted, as for anybody who configures nothing.
fn setup() -> Setup {
    let limits = Limits { verify_seconds: 600, ..patient() };
    Setup::default().limits(limits).grants(Grants::default())
}

/// A message of the source that the examples listen to.
fn message(body: &[u8]) -> Trigger {
    Trigger::Message(Message {
        id: EventId(Uuid::from_u128(1)),
        source: "hosts".to_owned(),
        at: now(),
        content_type: "application/json".to_owned(),
        body: body.to_vec(),
        attributes: Vec::new(),
        delivery: 1,
    })
}

/// Bodies that make tasks: plain, and with all that JSON can hide a text in.
fn good() -> Vec<String> {
    let hosts = [
        "a.example",
        "",
        "rød.example",
        "レッド\u{1F98C}",
        "\u{0}\u{1f}\u{7f}\"\\/\u{8}\u{c}\n\r\t",
    ];
    let plain = hosts.map(|host| json!({"organisation": "acme", "host": host}).to_string());
    let hidden = [
        r#" { "other" : [ 1.5e-3 , { "host" : null } , [ ] , { } ] , "host" : "a" , "organisation":"b"} "#,
        r#"{"organisation":"\u00e9\ud83e\udd8c","host":"\u0061\/\b"}"#,
        r#"{"\u0068ost":"a","organisation":"b","n":-0,"m":12.0E+5,"o":true,"p":false}"#,
        r#"{"host":"first","organisation":"b","deep":[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}"#,
    ];
    plain.into_iter().chain(hidden.map(str::to_owned)).collect()
}

/// Bodies that make no sense.
const BAD: [&[u8]; 16] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\"host\"",
    b"{\"host\":\"a\"}",
    b"{\"host\":1,\"organisation\":\"b\"}",
    b"{\"host\":null,\"organisation\":\"b\"}",
    b"{\"host\":\"a\",\"organisation\":\"b\"}}",
    b"{\"host\":\"a\",\"organisation\":\"b\",}",
    b"{\"host\":\"a\" \"organisation\":\"b\"}",
    b"{\"host\":\"a\",\"organisation\":\"b\",\"n\":01}",
    b"{\"host\":\"a\",\"organisation\":\"b\",\"n\":1.}",
    b"{\"host\":\"a\\x\",\"organisation\":\"b\"}",
    b"{\"host\":\"a\n\",\"organisation\":\"b\"}",
    b"{\"host\":\"a\",\"organisation\":\"b\",\"n\":nul}",
];

/// All that a plugin answers, as text.
async fn told(guest: &str) -> Vec<String> {
    let rig = setup().start().await;
    let name = guest.rsplit('/').next().unwrap();
    rig.activate(guest, json!({"per_day": 5})).await.unwrap();
    let plugin = rig.plugin();
    let said = format!("{:?}", plugin.description()).replace(name, "NAME");
    let mut told = vec![said];
    let hosts = ["a.example", "localhost", "rød\u{1F98C}\"\\\n.example"];
    let drafts = hosts.map(|host| draft(&json!({"host": host, "n": 1}).to_string())).to_vec();
    for answer in plugin.admit(now(), drafts).await.unwrap() {
        told.push(format!("{answer:?}"));
    }
    for body in good() {
        let handled = plugin.handle(now(), &message(body.as_bytes())).await;
        told.push(format!(
            "{body}: {:?}",
            handled.unwrap_or_else(|error| panic!("{body}: {error}"))
        ));
    }
    for body in BAD {
        let shown = String::from_utf8_lossy(body);
        let refused = plugin.handle(now(), &message(body)).await;
        assert!(
            matches!(refused, Err(HandleFailure::Reject { .. })),
            "{guest}: {shown}: {refused:?}"
        );
    }
    let tick = Trigger::Tick(Tick { planned_at: now(), every_ms: 1_000 });
    told.push(format!("{:?}", plugin.handle(now(), &tick).await));
    for settings in [json!({"per_day": 0}), json!({"speed": 1})] {
        told.push(refusal(&rig, guest, settings).await);
    }
    told
}

async fn refusal(rig: &Rig, guest: &str, settings: Value) -> String {
    let refused = rig.activate(guest, settings).await.unwrap_err().to_string();
    refused.split_once("setting `").unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_each_language_decides_as_the_one_in_rust() {
    let expected = told("examples/rust-scheduler").await;
    assert!(expected.iter().any(|line| line.contains("cron: Some(\"0 3 * * *\")")), "{expected:?}");
    for example in EXAMPLES {
        let told = told(&format!("examples/{example}")).await;
        for (told, expected) in told.iter().zip(&expected) {
            assert_eq!(told, expected, "{example}");
        }
        assert_eq!(told.len(), expected.len());
    }
}
