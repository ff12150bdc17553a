//! Queues as clients of the first generation know them.

use axum::body::Body;

use super::{TestApi, fakes::task, request};

fn with_tasks(count: u128) -> TestApi {
    let api = TestApi::new();
    let tasks = (1..=count).map(|number| task(number, r#"{"target":"a"}"#));
    api.host.tasks.lock().unwrap().extend(tasks);
    api
}

#[tokio::test]
async fn a_push_is_answered_as_an_item_of_the_queue() {
    let api = TestApi::new();
    let item =
        r#"{"priority": 2, "data": {"target": "a"}, "hash": "x", "scheduler_id": "jobs-acme"}"#;
    let answer = api.post("/queues/jobs-acme/push", item).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let item = answer.json();
    assert_eq!(item["scheduler_id"], "jobs-acme");
    assert_eq!(item["priority"], 2);
    let at = item["created_at"].as_str().unwrap();
    assert!(at.ends_with("+00:00"), "{at}");
    let mut keys: Vec<_> = item.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        ["created_at", "data", "hash", "id", "modified_at", "priority", "scheduler_id"]
    );
    assert_eq!(api.host.tasks.lock().unwrap()[0].organisation.as_str(), "acme");
}

#[tokio::test]
async fn every_refusal_is_a_400_that_begins_with_the_known_words() {
    let api = with_tasks(4);
    let push = async |data: &str| {
        let item = format!(r#"{{"priority": 1, "data": {data}}}"#);
        let answer = api.post("/queues/jobs-acme/push", &item).await;
        (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
    };
    let (status, why) = push(r#"{"aim": "a"}"#).await;
    assert!(status == 400 && why.contains("invalid item: "), "{status} {why}");
    assert_eq!(push(r#"{"target": "fifth"}"#).await.0, 201);
    let (status, why) = push(r#"{"target": "fifth"}"#).await;
    assert!(status == 400 && why.contains("not allowed: "), "{status} {why}");
    let (status, why) = push(r#"{"target": "sixth"}"#).await;
    assert!(status == 400 && why.contains("queue is full: "), "{status} {why}");
}

#[tokio::test]
async fn a_pop_takes_from_the_organisation_and_may_be_a_get() {
    let api = with_tasks(2);
    let answer = api.post("/queues/jobs-acme/pop", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["scheduler_id"], "jobs-acme");
    let get = request("GET", "/queues/jobs-acme/pop").body(Body::from("[]")).unwrap();
    assert_eq!(api.send(get).await.status, 200);
    assert_eq!(api.post("/queues/jobs-acme/pop", "null").await.text, "null", "it is empty");
    let pops = api.host.pops.lock().unwrap();
    for pop in pops.iter() {
        let last = pop.filter.and.last().unwrap();
        assert_eq!((last.column.as_str(), last.value.as_str()), ("organisation", Some("acme")));
        assert_eq!(pop.limit, Some(1));
    }
}

#[tokio::test]
async fn both_forms_of_a_filter_reach_the_queue() {
    let api = with_tasks(3);
    let bare = r#"[{"field": "tool__id", "operator": "gt", "value": 7}]"#;
    assert_eq!(api.post("/queues/jobs-acme/pop", bare).await.status, 200);
    let whole = r#"{"filters": [{"column": "data", "field": "tool__id", "operator": "in", "value": ["x"]}]}"#;
    assert_eq!(api.post("/queues/jobs-acme/pop", whole).await.status, 200);
    let wrong = r#"[{"value": 7}]"#;
    assert_eq!(api.post("/queues/jobs-acme/pop", wrong).await.status, 422);
    let pops = api.host.pops.lock().unwrap();
    let conditions: Vec<_> = pops.iter().map(|pop| &pop.filter.and[0]).collect();
    assert_eq!(conditions[0].path, ["tool", "id"]);
    assert_eq!(conditions[0].value, "7", "it is always compared as text");
    assert_eq!(conditions[1].operator.name(), "in");
}

#[tokio::test]
async fn a_queue_that_does_not_exist_is_a_404_that_says_what_names_are() {
    let api = TestApi::new();
    for path in ["/queues/jobs", "/queues/other-acme/pop"] {
        let answer = api.get(path).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text.contains("GET /queues"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_queue_shows_what_goes_next_and_its_limit() {
    let api = with_tasks(2);
    let queue = api.get("/queues/jobs-acme").await.json();
    assert_eq!((&queue["id"], &queue["maxsize"]), (&"jobs-acme".into(), &5.into()));
    assert_eq!(queue["item_type"], "JobTask");
    assert_eq!(queue["allow_updates"], false);
    assert_eq!(queue["pq"].as_array().unwrap().len(), 2);
    let queues = api.get("/queues").await.json();
    assert!(queues.as_array().unwrap().iter().any(|queue| queue["id"] == "jobs-acme"), "{queues}");
}

#[tokio::test]
async fn a_list_of_tasks_may_name_a_queue_where_a_scheduler_is_expected() {
    let api = with_tasks(2);
    for (name, scheduler, organisation) in
        [("jobs-acme", "jobs", Some("acme")), ("jobs", "jobs", None), ("x-acme", "x-acme", None)]
    {
        let answer = api.get(&format!("/tasks?scheduler_id={name}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let asked = api.host.queries.lock().unwrap().pop().unwrap();
        assert_eq!(asked.scheduler.unwrap().as_str(), scheduler);
        let narrowed = asked.filter.and.first().map(|condition| &condition.value);
        assert_eq!(narrowed.and_then(|value| value.as_str()), organisation, "{name}");
    }
}
