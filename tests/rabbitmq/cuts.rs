//! Connections that are lost, in the middle of whatever they carry.

use std::{collections::HashSet, time::Duration};

use super::rig::{Rig, messages};

#[tokio::test(flavor = "multi_thread")]
async fn of_thousands_of_messages_none_is_lost_or_handled_twice_however_often_the_line_is_cut() {
    let rig = Rig::start(|_| {}).await;
    rig.until_it_takes().await;
    let sending = async {
        for part in 0..30 {
            rig.send(&messages(part * 100..part * 100 + 100)).await;
        }
    };
    let cutting = async {
        for round in 0..15_u64 {
            tokio::time::sleep(Duration::from_millis(40 + 37 * (round % 5))).await;
            rig.proxy.cut();
        }
    };
    tokio::join!(sending, cutting);
    rig.until_handled(3000).await;
    rig.until_quiet().await;
    assert_eq!(rig.handled().await, 3000);
    let numbers: HashSet<String> =
        rig.tasks().await.iter().map(|task| task.data.get().to_owned()).collect();
    assert_eq!(numbers.len(), 3000);
    let lost = format!(r#"hinny_rabbitmq_lost_total{{queue="{}"}}"#, rig.name);
    assert!(rig.metric(&lost).await > 0, "no cut was noticed");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_messages_are_told_from_repeated_ones_through_cuts() {
    let rig = Rig::start(|_| {}).await;
    rig.until_it_takes().await;
    // Five kinds, a hundred of each, all mixed.
    let mixed: Vec<String> = (0..100).flat_map(|_| messages(0..5)).collect();
    let cutting = async {
        for round in 0..10_u64 {
            tokio::time::sleep(Duration::from_millis(30 + 29 * (round % 4))).await;
            rig.proxy.cut();
        }
    };
    tokio::join!(rig.send(&mixed), cutting);
    rig.until_it_takes().await;
    rig.until_quiet().await;
    // An acknowledgement of which nobody knows whether it arrived, and an equal message that was lost
    // on its way: what comes again may be either. That may happen once per cut and kind.
    let handled = rig.handled().await;
    println!("{handled} of 500");
    assert!((450..=500).contains(&handled), "{handled} of 500");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_committed_but_not_acknowledged_is_not_handled_again() {
    let mut rig = Rig::prepare(|_| {}).await;
    rig.broker.declare(&rig.name, true).await;
    rig.send(&messages(0..200)).await;
    rig = rig.begin().await;
    rig.until_handled(20).await;
    // What is committed in this moment cannot be acknowledged; then the host ends.
    rig.proxy.shut();
    let host = rig.host.take().unwrap();
    host.stop().await;
    rig.proxy.open();
    rig = rig.begin().await;
    rig.until_handled(200).await;
    rig.until_quiet().await;
    assert_eq!(rig.handled().await, 200);
    rig.end().await;
}
