//! What becomes of a message.

use lapin::BasicProperties;

use super::rig::{Rig, a_while, messages};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_becomes_what_the_plugin_makes_of_it_and_leaves_no_mark() {
    let rig = Rig::start(|_| {}).await;
    rig.until_it_takes().await;
    rig.send(&messages(0..300)).await;
    rig.until_handled(300).await;
    rig.until_empty().await;
    assert_eq!(rig.tasks().await.len(), 300);
    super::broker::until("marks stay", async || rig.marks().await == 0).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_messages_are_handled_as_often_as_they_are_sent() {
    let rig = Rig::start(|_| {}).await;
    rig.until_it_takes().await;
    let equal = vec![messages(0..1).remove(0); 20];
    rig.send(&equal).await;
    rig.until_handled(20).await;
    rig.until_empty().await;
    assert_eq!(rig.handled().await, 20);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_with_one_id_are_handled_once() {
    let rig = Rig::start(|_| {}).await;
    rig.until_it_takes().await;
    let properties = BasicProperties::default().with_message_id("order-7".into());
    rig.broker.send_with(&rig.name, &messages(0..3), &properties).await;
    rig.until_handled(1).await;
    rig.until_quiet().await;
    assert_eq!(rig.handled().await, 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_can_read_goes_to_quarantine_and_can_be_replayed() {
    let rig = Rig::start(|_| {}).await;
    rig.until_it_takes().await;
    let poison = ["not JSON".to_owned(), "not JSON".to_owned()];
    rig.send(&[&poison[..], &messages(0..5)].concat()).await;
    rig.until_handled(5).await;
    rig.until_empty().await;
    let kept = rig.kept().await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    let again = rig.host().events().replay(&rig.scheduler(), kept[0].0).await.unwrap();
    let outcome = format!("{:?}", again.expect("it is kept"));
    assert!(outcome.contains("Quarantined") && outcome.contains("expected ident"), "{outcome}");
    assert_eq!(rig.kept().await.len(), 2);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_holds_messages_back_and_goes_on_when_there_is_room() {
    let rig = Rig::start(|config| {
        config.schedulers[0].tasks_max = 10;
        config.rabbitmq.prefetch = 5;
    })
    .await;
    rig.until_it_takes().await;
    rig.send(&messages(0..40)).await;
    rig.until_handled(10).await;
    super::broker::until("nothing is held", async || !rig.trouble().await.is_null()).await;
    assert!(rig.trouble().await.as_str().unwrap().contains("no room"));
    assert_eq!(rig.broker.ready(&rig.name).await, 25, "no more come than may be held");
    for taken in [10, 10, 10, 10] {
        super::broker::until("no tasks", async || rig.tasks().await.len() == taken).await;
        assert_eq!(rig.pop(100).await.len(), taken);
    }
    rig.until_empty().await;
    assert_eq!(rig.handled().await, 40);
    assert!(rig.kept().await.is_empty(), "nothing was given up");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_no_scheduler_wants_stay_where_they_are() {
    let rig = Rig::start(|config| {
        config.rabbitmq.queues[0].source = Some("something else".to_owned());
    })
    .await;
    super::broker::until("nobody says so", async || {
        rig.trouble().await.as_str().is_some_and(|why| why.contains("no scheduler wants"))
    })
    .await;
    rig.send(&messages(0..3)).await;
    a_while().await;
    assert_eq!(rig.broker.ready(&rig.name).await, 3);
    rig.end().await;
}
