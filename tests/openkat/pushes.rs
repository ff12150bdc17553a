//! What people ask for, over the API.

use serde_json::{Value, json};

use super::harness::OpenKat;

const SENT: &str = "11111111-1111-4111-8111-111111111109";

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn push(priority: Value, id: Option<&str>) -> Value {
    let data = json!({
        "id": id, "type": "boefje", "boefje": {"id": "dns-records", "version": null},
        "input_ooi": "Hostname|internet|example.com", "organization": "org-1",
        "dispatches": [],
    });
    let mut body = json!({"scheduler_id": "boefje", "organisation": "org-1",
                          "priority": priority, "data": data});
    if let Some(id) = id {
        body["id"] = json!(id);
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_run_goes_first_and_comes_back_by_its_schedule() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("org-1", "dns-records", json!({"cron": "0 3 * * *"}));
    kat.mutation("create", "org-1", "other.example", 2).await;
    let (status, task) =
        kat.ask("POST", "/schedulers/boefje/push", Some(&push(json!(1), None))).await;
    assert_eq!(status, 201, "{task}");
    assert_eq!(task["data"]["id"], task["id"]);
    assert_eq!(task["data"].get("type"), None, "rendered anew");
    let schedules = kat.schedules("boefje").await;
    let schedule = schedules.iter().find(|one| one["id"] == task["schedule_id"]).unwrap();
    assert_eq!(schedule["schedule"], "0 3 * * *");
    assert_eq!(schedule["deadline_at"], "2026-02-02T03:00:00Z");
    assert_eq!(kat.pop_all("boefje").await[0]["id"], task["id"]);
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_asks_katalogus_for_each_boefje_once() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("org-1", "dns-records", json!({"cron": "0 3 * * *"}));
    let asked = kat.katalogus.service.asked().len();
    let items: Vec<_> = (0..500)
        .map(|number| {
            let mut item = push(json!(2), None);
            item["data"]["input_ooi"] = json!(format!("Hostname|internet|h{number}.example"));
            item
        })
        .collect();
    let path = "/schedulers/boefje/push/batch";
    let (status, answer) = kat.ask("POST", path, Some(&json!({"items": items}))).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["results"].as_array().unwrap().len(), 500);
    let asked = kat.katalogus.service.asked().split_off(asked);
    let plugin = "/v1/organisations/org-1/plugins/dns-records";
    assert_eq!(asked.iter().filter(|path| *path == plugin).count(), 1, "{asked:?}");
    let tasks = kat.pop("boefje", "?limit=500").await;
    assert_eq!(tasks.len(), 500);
    assert!(tasks.iter().all(|task| task["schedule_id"].is_string()));
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_sent_with_its_id_stays_as_it_was_sent() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("org-1", "dns-records", json!({}));
    let body = push(json!(1), Some(SENT));
    let (status, task) = kat.ask("POST", "/schedulers/boefje/push", Some(&body)).await;
    assert_eq!((status, &task["id"], &task["data"]), (201, &json!(SENT), &body["data"]));
    let (status, answer) =
        kat.ask("POST", "/schedulers/boefje/push", Some(&push(json!(1), None))).await;
    assert_eq!(status, 409, "{answer}");
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_a_reason_that_rocky_shows() {
    let kat = OpenKat::start().await;
    let mut without = push(json!(1), None);
    without["data"].as_object_mut().unwrap().remove("organization");
    for (body, reason) in [
        (push(json!(0), None), "`priority` is 0"),
        (push(json!(null), None), "`priority` is missing"),
        (without, "organization"),
    ] {
        let (status, answer) = kat.ask("POST", "/schedulers/boefje/push", Some(&body)).await;
        let detail = answer["detail"].as_str().unwrap();
        assert_eq!(status, 400, "{detail}");
        assert!(detail.contains("malformed item") && detail.contains(reason), "{detail}");
    }
    kat.host.stop().await;
}
